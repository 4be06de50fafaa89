"""What a tested Map would give its iterations: its items, stage by stage.

The items of an ItemReader come from the request (`mapItemReaderData`), for nothing is read.
"""

from __future__ import annotations

from asl.aws import errors
from asl.language.document import Document
from asl.language.items.formats import items_of
from asl.language.items.reading import BadObject
from asl.language.scope import Json
from asl.language.states.distributed_map import STATE_DATA, DistributedMap
from asl.language.states.item_batcher import batches
from asl.language.states.item_reader import ItemReader
from asl.language.states.map_ import Item, Map
from asl.language.states.state import State
from asl.language.visit import Visit


def check_reader_data(state: State, data: str | None) -> None:
    """ValidationException for data that no ItemReader reads."""
    if data is not None and (not isinstance(state, DistributedMap) or state.reader is None):
        raise errors.validation(
            "MapItemReaderData can only be specified for a Map state with an ItemReader"
        )


def iteration_stages(state: State, visit: Visit, data: str | None) -> dict[str, Document]:
    """The documents that the fields of a Map make of its items, of those fields that it has.

    StateError where one of them cannot; nothing of an ItemReader whose data is not given.
    """
    if not isinstance(state, Map):
        return {}
    stages: dict[str, list[Json]] = {}
    if isinstance(state, DistributedMap) and state.reader is not None:
        if data is None:
            return {}
        items = _read(state, state.reader, visit, data)
        if state.reader.request.pointer:
            stages["afterItemsPointer"] = _values(items)
    else:
        items = state.read_items(visit)
        if state.items_path is not None:
            stages["afterItemsPath"] = _values(items)
    stages |= _inputs(state, visit, items)
    return {name: Document(values) for name, values in stages.items()}


def _values(items: list[Item]) -> list[Json]:
    return [item.value for item in items]


def _inputs(state: Map, visit: Visit, items: list[Item]) -> dict[str, list[Json]]:
    """What ItemSelector and ItemBatcher make of the items."""
    stages: dict[str, list[Json]] = {}
    distributed = isinstance(state, DistributedMap)
    source = STATE_DATA if distributed else ""
    inputs = [state.iteration_input(visit, i, item, source) for i, item in enumerate(items)]
    if state.selector is not None:
        stages["afterItemSelector"] = [input_.value for input_ in inputs]
    if isinstance(state, DistributedMap) and state.batcher is not None:
        limits = state.batcher.limits(visit.scope(state.effective_input(visit)))
        stages["afterItemBatcher"] = [
            batch.value for batch, _, _ in batches(state.name, limits, inputs)
        ]
    return stages


def _read(state: Map, reader: ItemReader, visit: Visit, data: str) -> list[Item]:
    """The items that are written in the data as in the object it stands for."""
    limit = reader.read_limit(visit.scope(state.effective_input(visit)))
    try:
        elements = list(items_of(reader.request, [data.encode()], None))
    except BadObject as fault:
        raise errors.validation(f"MapItemReaderData could not be read: {fault}") from fault
    items = [Item(element.value, element.key) for element in elements]
    return items[:limit] if limit else items
