"""Map: do the same for every item, and go on when all are done.

What both modes share: where the items come from, and what an iteration gets of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

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
from asl.language.errors import QUERY_EVALUATION_ERROR, StateError, runtime_fault
from asl.language.fields import Fields
from asl.language.jsonata.expression import expect
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.paths import Path
from asl.language.jsonpath.template import Template
from asl.language.quantity import Quantity, parse_quantity
from asl.language.scope import Json
from asl.language.states.container import Container
from asl.language.states.percentage import Percentage, parse_percentage
from asl.language.states.state import Common
from asl.language.visit import Visit

WINDOW = 1000
"""How many iterations are opened in one transaction; the next ones follow when they have ended."""

INLINE = "INLINE"
DISTRIBUTED = "DISTRIBUTED"


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and its key where an object is iterated."""

    value: Json
    key: str | None = None


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
    tolerated_count: Quantity | None = None
    tolerated_percentage: Percentage | None = None

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Map:
        # The modes are made of this class, so they are known only when a state is read.
        from asl.language.states.distributed_parsing import parse_distributed
        from asl.language.states.inline_map import parse_inline

        if mode_of(fields.value) == DISTRIBUTED:
            return parse_distributed(fields, common)
        return parse_inline(fields, common)

    def read_concurrency(self, visit: Visit) -> int:
        """How many iterations may run at a time, 0 for no limit."""
        scope = visit.scope(self.effective_input(visit))
        return self.concurrency.read(scope) if self.concurrency else 0

    def iteration_input(self, visit: Visit, index: int, item: Item, source: str) -> Document:
        """What an iteration gets: the item, or what ItemSelector makes of it.

        source: what `Map.Item.Source` says, empty where the context has none.
        """
        if self.selector is None:
            return Document(item.value)
        shown: dict[str, Json] = {"Index": index, "Value": item.value}
        if item.key is not None:
            shown["Key"] = item.key
        if source:
            shown["Source"] = source
        context = {**visit.context, "Map": {"Item": shown}}
        scope = visit.scope(self.effective_input(visit), context)
        return Document(render(self.selector, scope, "ItemSelector"))

    def effective_input(self, visit: Visit) -> Json:
        if isinstance(self.flow, JsonPathFlow):
            return self.flow.effective_input(visit).value
        return visit.input

    def read_items(self, visit: Visit) -> list[Item]:
        """The items that the state's data holds: of an array, or (JSONata) of an object."""
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
        effective = self.effective_input(visit)
        path = self.items_path
        items = effective if path is None else read_path(path, visit.scope(effective))
        if not isinstance(items, list):
            shown = "$" if path is None else path.text.replace("$$", "$", 1)
            raise runtime_fault(f'Reference path "{shown}" must point to array.')
        return [Item(value) for value in items]


def render(source: Template | QueryTemplate, scope: Any, field: str) -> Json:
    """The value of a payload template, or of a JSONata field called `field`."""
    if isinstance(source, Template):
        return source.render(scope)
    return source.render(scope, field)


def mode_of(state: Mapping[str, Any]) -> str:
    """The Mode of a Map's ProcessorConfig, INLINE where it says none."""
    processor = state.get("ItemProcessor", state.get("Iterator"))
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    mode = config.get("Mode") if isinstance(config, dict) else None
    return DISTRIBUTED if mode == DISTRIBUTED else INLINE


def parse_iteration(fields: Fields, common: Common) -> dict[str, Any]:
    """What every Map has but its processor: the arguments of its class."""
    jsonata = common.language == JSONATA
    if jsonata:
        fields.refuse(["ItemsPath", "Parameters"], "in a state whose QueryLanguage is 'JSONata'")
    else:
        fields.refuse(["Items"], "in a state whose QueryLanguage is 'JSONPath'")
    return {
        "name": common.name,
        "parent": common.parent,
        "flow": common.flow,
        "next": common.next,
        "recovery": common.recovery,
        "items_path": None if jsonata else fields.path("ItemsPath", reference=True),
        "items": parse_query(fields, "Items", NOTHING) if jsonata else None,
        "selector": _parse_selector(fields, common.language),
        "concurrency": parse_quantity(fields, "MaxConcurrency", common.language),
        "tolerated_count": parse_quantity(fields, "ToleratedFailureCount", common.language),
        "tolerated_percentage": parse_percentage(
            fields, "ToleratedFailurePercentage", common.language
        ),
    }


def read_processor(fields: Fields) -> tuple[Fields, Fields | None] | None:
    """ItemProcessor, or its old name Iterator, and its ProcessorConfig; None: it is not there."""
    name = fields.exactly_one("ItemProcessor", "Iterator")
    if name is None:
        return None
    processor = fields.object(name)
    return None if processor is None else (processor, processor.object("ProcessorConfig"))


def _parse_selector(fields: Fields, language: str) -> Template | QueryTemplate | None:
    """ItemSelector, or (JSONPath) its old name Parameters."""
    if language == JSONATA:
        return parse_query(fields, "ItemSelector", NOTHING)
    fields.exclusive("ItemSelector", "Parameters")
    return parse_template(fields, "Parameters" if "Parameters" in fields else "ItemSelector")
