"""Which format an object is read by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asl.language.item_request import ItemRequest
from asl.language.items.csv_items import csv_items
from asl.language.items.json_items import json_items
from asl.language.items.jsonl_items import jsonl_items
from asl.language.items.reading import Element, Place


def items_of(
    request: ItemRequest, chunks: Iterable[bytes], place: Place | None
) -> Iterator[Element]:
    """The items of one object from `place` on, which `chunks` begin at; BadObject says why not."""
    match request.input_type:
        case "CSV":
            return csv_items(chunks, place, request.delimiter, request.headers)
        case "JSONL":
            return jsonl_items(chunks, place)
        case _:
            return json_items(chunks, place, request.pointer)
