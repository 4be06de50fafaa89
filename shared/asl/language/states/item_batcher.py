"""ItemBatcher: several items to one child, bounded by their number and their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from asl.language import jsontext
from asl.language.dataflow import JSONATA, NOTHING, parse_query, parse_template
from asl.language.document import Document
from asl.language.fields import Fields
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.template import Template
from asl.language.limits import DATA_LIMIT, data_limit_exceeded
from asl.language.quantity import Quantity, parse_quantity
from asl.language.scope import Json, Scope
from asl.language.states.map_ import render

LARGEST_BATCH = DATA_LIMIT  # bytes; what MaxInputBytesPerBatch may say at most


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one batch: how many items, and how many bytes its input may have. prefix: BatchInput."""

    items: int
    size: int
    prefix: dict[str, Json]


@dataclass(frozen=True, slots=True)
class ItemBatcher:
    """At least one of the two limits is set; without one in bytes, an input's limit holds."""

    items: Quantity | None
    size: Quantity | None
    batch_input: Template | QueryTemplate | None

    def limits(self, scope: Scope) -> Limits:
        prefix = {}
        if self.batch_input is not None:
            field = "ItemBatcher/BatchInput"
            prefix["BatchInput"] = render(self.batch_input, scope, field)
        return Limits(
            self.items.read(scope) if self.items else 0,
            self.size.read(scope) if self.size else LARGEST_BATCH,
            prefix,
        )


def batches(
    name: str, limits: Limits, inputs: Iterable[Document]
) -> Iterator[tuple[Document, int, bool]]:
    """The children's inputs `{"BatchInput": …, "Items": […]}`, each with the number of its items.

    The third says whether the batch is closed; one that is not is the last and could take more.
    States.DataLimitExceeded, with the state's `name`, when a single item is too large.
    """
    frame = Document({**limits.prefix, "Items": []})
    room = limits.size - _size(frame)
    batch: list[Document] = []
    left = room
    for item in inputs:
        length = _size(item) + 1  # and a comma
        if batch and (len(batch) == limits.items or length > left + 1):
            yield _document(limits, batch), len(batch), True
            batch, left = [], room
        if length > left + 1:
            raise data_limit_exceeded(name, _size(frame) + length - 1, limits.size)
        batch.append(item)
        left -= length
    if batch:
        yield _document(limits, batch), len(batch), len(batch) == limits.items


def _size(document: Document) -> int:
    """Bytes in UTF-8; a text without escapes has as many as characters."""
    return jsontext.size(document.value) if "\\" in document.text else len(document.text)


def _document(limits: Limits, batch: Sequence[Document]) -> Document:
    return Document({**limits.prefix, "Items": [item.value for item in batch]})


def parse_batcher(fields: Fields, language: str) -> ItemBatcher | None:
    block = fields.object("ItemBatcher")
    if block is None:
        return None
    items = parse_quantity(block, "MaxItemsPerBatch", language, minimum=1)
    size = parse_quantity(
        block, "MaxInputBytesPerBatch", language, minimum=1, maximum=LARGEST_BATCH
    )
    if not any(name.startswith("Max") for name in block.value):
        block.report(
            "This object should have at least one of the following fields: "
            "[MaxItemsPerBatch, MaxInputBytesPerBatch]"
        )
    jsonata = language == JSONATA
    batch_input = (
        parse_query(block, "BatchInput", NOTHING)
        if jsonata
        else parse_template(block, "BatchInput")
    )
    block.close()
    return ItemBatcher(items, size, batch_input)
