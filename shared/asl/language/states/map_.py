"""Map: do the same for every item, and go on when all are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from asl.language import jsontext
from asl.language.dataflow import (
    JSONATA,
    JSONPATH,
    NOTHING,
    JsonPathFlow,
    parse_query,
    parse_template,
    read_path,
)
from asl.language.document import Document
from asl.language.effects import Branch, Fork
from asl.language.errors import QUERY_EVALUATION_ERROR, StateError, runtime_fault
from asl.language.events import BranchFailed, Drained
from asl.language.fields import Fields
from asl.language.jsonata import expect
from asl.language.jsonata_template import QueryTemplate
from asl.language.paths import Path
from asl.language.quantity import Quantity, parse_quantity
from asl.language.scope import Json
from asl.language.states.container import Container
from asl.language.states.state import Common
from asl.language.template import Template
from asl.language.visit import Visit

WINDOW = 1000
"""How many iterations are opened in one transaction; the next ones follow when they have ended."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and its key where an object is iterated."""

    value: Json
    key: str | None = None

    def context(self, index: int) -> dict[str, Json]:
        item: dict[str, Json] = {"Index": index, "Value": self.value}
        if self.key is not None:
            item["Key"] = self.key
        return {"Item": item}


@dataclass(frozen=True, kw_only=True)
class Map(Container):
    """start: the first state of an iteration. selector makes its input from the item."""

    TYPE: ClassVar[str] = "Map"
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"InputPath", "ResultSelector", "ResultPath", "OutputPath", "Assign", "Output", "Result"}
    )

    start: str
    items_path: Path | None = None
    items: QueryTemplate | None = None
    selector: Template | QueryTemplate | None = None
    concurrency: Quantity | None = None

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Map:
        jsonata = common.language == JSONATA
        if jsonata:
            fields.refuse(
                ["ItemsPath", "Parameters"], "in a state whose QueryLanguage is 'JSONata'"
            )
        else:
            fields.refuse(["Items"], "in a state whose QueryLanguage is 'JSONPath'")
        return cls(
            name=common.name, parent=common.parent, flow=common.flow, next=common.next,
            recovery=common.recovery,
            start=_parse_processor(fields, common),
            items_path=None if jsonata else fields.path("ItemsPath", reference=True),
            items=parse_query(fields, "Items", NOTHING) if jsonata else None,
            selector=_parse_selector(fields, common.language),
            concurrency=parse_quantity(fields, "MaxConcurrency", common.language),
        )  # fmt: skip

    def open(self, visit: Visit) -> Fork:
        items = self._items(visit)
        scope = visit.scope(self._effective_input(visit))
        concurrency = self.concurrency.read(scope) if self.concurrency else 0
        visit.record("MapStateStarted", {"length": len(items)})
        kept = Document([[i.value, i.key] for i in items]) if len(items) > WINDOW else None
        return self._fork(visit, items, 0, concurrency, kept)

    def open_more(self, visit: Visit, event: Drained) -> Fork:
        if event.items is None:
            raise TypeError("a Map that opens its iterations in windows keeps its items")
        items = [Item(value, key) for value, key in event.items.value]
        scope = visit.scope(self._effective_input(visit))
        concurrency = self.concurrency.read(scope) if self.concurrency else 0
        return self._fork(visit, items, event.opened, concurrency, event.items)

    def _fork(
        self,
        visit: Visit,
        items: Sequence[Item],
        first: int,
        concurrency: int,
        kept: Document | None,
    ) -> Fork:
        branches = [
            Branch(index, self.start, self._iteration_input(visit, index, items[index]))
            for index in range(first, min(first + WINDOW, len(items)))
        ]
        return Fork(branches, len(items), visit.token.variables, concurrency, kept)

    def _iteration_input(self, visit: Visit, index: int, item: Item) -> Document:
        if self.selector is None:
            return Document(item.value)
        context = {**visit.context, "Map": item.context(index)}
        scope = visit.scope(self._effective_input(visit), context)
        if isinstance(self.selector, Template):
            return Document(self.selector.render(scope))
        return Document(self.selector.render(scope, "ItemSelector"))

    def _effective_input(self, visit: Visit) -> Json:
        if isinstance(self.flow, JsonPathFlow):
            return self.flow.effective_input(visit).value
        return visit.input

    def _items(self, visit: Visit) -> list[Item]:
        if self.flow.language == JSONPATH:
            return self._items_at_path(visit)
        if self.items is None:
            if not isinstance(visit.input, list):
                raise StateError(
                    QUERY_EVALUATION_ERROR,
                    f"Map state input must be an array but was: {jsontext.compact(visit.input)}",
                    prefixed=True,
                    location="",
                )
            return [Item(value) for value in visit.input]
        items = self.items.render(visit.scope(None), "Items")
        if isinstance(items, dict):
            return [Item(value, key) for key, value in items.items()]
        return [Item(value) for value in expect(items, "Items", self.items, "array")]

    def _items_at_path(self, visit: Visit) -> list[Item]:
        effective = self._effective_input(visit)
        path = self.items_path
        items = effective if path is None else read_path(path, visit.scope(effective))
        if not isinstance(items, list):
            shown = "$" if path is None else path.text.replace("$$", "$", 1)
            raise runtime_fault(f'Reference path "{shown}" must point to array.')
        return [Item(value) for value in items]

    def record_branches(self, visit: Visit, failed: BranchFailed) -> None:
        """MapIterationFailed and, for the others, MapIterationAborted, each with its state."""
        previous = failed.last_event
        details = {"name": self.name, "index": failed.index}
        visit.record("MapIterationFailed", details, previous=previous)
        self.record_abort(visit, failed.type, previous)
        for branch in failed.aborted:
            details = {"name": self.name, "index": branch.index}
            visit.record("MapIterationAborted", details, previous=previous)
            self.record_abort(visit, branch.type, previous)


def _parse_processor(fields: Fields, common: Common) -> str:
    """The first state of ItemProcessor, or of its old name Iterator."""
    fields.exclusive("ItemProcessor", "Iterator")
    name = "Iterator" if "Iterator" in fields else "ItemProcessor"
    if name not in fields:
        fields.require("ItemProcessor")
        return ""
    processor = fields.object(name)
    if processor is None:
        return ""
    config = processor.object("ProcessorConfig")
    if config is not None:
        config.one_of("Mode", ("INLINE",))
        config.close()
    return common.machine.parse_branch(processor, common.name)


def _parse_selector(fields: Fields, language: str) -> Template | QueryTemplate | None:
    """ItemSelector, or (JSONPath) its old name Parameters."""
    if language == JSONATA:
        return parse_query(fields, "ItemSelector", NOTHING)
    fields.exclusive("ItemSelector", "Parameters")
    return parse_template(fields, "Parameters" if "Parameters" in fields else "ItemSelector")
