"""JSON Lines: each line that is not empty is an item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asl.language import jsontext
from asl.language.items.reading import BadObject, Element, Place, decode, lines, offset_of
from asl.language.scope import Json


def jsonl_items(chunks: Iterable[bytes], place: Place | None) -> Iterator[Element]:
    """The items from `place` on, which `chunks` begin at."""
    offset = offset_of(place)
    for line in lines(chunks):
        start, offset = offset, offset + len(line)
        text = decode(line).strip()
        if text:
            yield Element(_value(text, start), {"offset": offset})


def _value(text: str, offset: int) -> Json:
    try:
        return jsontext.loads(text)
    except jsontext.InvalidJson as fault:
        raise BadObject(f"The line at byte {offset} is no JSON: {fault}") from fault
