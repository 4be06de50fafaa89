"""How far a Map Run has come: what a Distributed Map keeps between its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asl.language.document import Document
from asl.language.item_request import ItemRequest, ResultRequest
from asl.language.scope import Json


@dataclass(frozen=True, slots=True)
class Progress:
    """run, label: of the Map Run. items: of the state's data, not yet given to a child, each with
    its key. used: how many items were given to children, opened: how many children there are.

    request, cursor: of what is read from an object store, and how far it was read. complete: there
    are no items beyond `items`. results, files: of what is written to one. failed: the run has
    failed, and only its results are still to be written.
    """

    run: str
    label: str
    items: Sequence[tuple[Json, str | None]] = ()
    used: int = 0
    opened: int = 0
    request: ItemRequest | None = None
    cursor: Json = None
    complete: bool = False
    results: ResultRequest | None = None
    files: Json = field(default_factory=dict)
    failed: bool = False

    @property
    def document(self) -> Document:
        request, results = self.request, self.results
        return Document(
            {
                "run": self.run,
                "label": self.label,
                "items": [list(item) for item in self.items],
                "used": self.used,
                "opened": self.opened,
                "request": None if request is None else request.as_json(),
                "cursor": self.cursor,
                "complete": self.complete,
                "results": None if results is None else results.as_json(),
                "files": self.files,
                "failed": self.failed,
            }
        )

    @classmethod
    def read(cls, notes: Document) -> Progress:
        value = dict(notes.value)
        request, results = value.pop("request"), value.pop("results")
        items = [(item, key) for item, key in value.pop("items")]
        return cls(
            **value,
            items=items,
            request=None if request is None else ItemRequest.from_json(request),
            results=None if results is None else ResultRequest.from_json(results),
        )
