"""What the formats share: bytes that come in pieces, and places to go on from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asl.language.errors import AslError
from asl.language.scope import Json

Place = dict[str, Json]
"""Where reading goes on: `offset` in bytes, and what a format needs beside it."""


class BadObject(AslError):
    """An object that is not what its InputType says; says why, in AWS's words where known."""


@dataclass(frozen=True, slots=True)
class Element:
    """One item of an object. place: just behind it."""

    value: Json
    place: Place
    key: str | None = None


def offset_of(place: Place | None) -> int:
    """The first byte that is wanted."""
    return 0 if place is None else int(place["offset"])


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a text with their line feeds, the last one perhaps without."""
    rest = b""
    for chunk in chunks:
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        yield from (piece + b"\n" for piece in pieces)
    if rest:
        yield rest


def decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as fault:
        raise BadObject(f"The object is no UTF-8 text: {fault}") from fault
