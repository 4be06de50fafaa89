"""CSV: each row is an object of strings by the names of the header."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from asl.language.items.reading import BadObject, Element, Place, decode, lines, offset_of

BOM = "\ufeff"


class _Lines:
    """Lines as the reader of csv wants them; `offset` is that of the first one not yet taken."""

    def __init__(self, chunks: Iterable[bytes], offset: int) -> None:
        self._lines = lines(chunks)
        self.offset = offset

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        first = self.offset == 0
        self.offset += len(line)
        text = decode(line)
        return text.removeprefix(BOM) if first else text


def csv_items(
    chunks: Iterable[bytes],
    place: Place | None,
    delimiter: str = ",",
    headers: Sequence[str] | None = None,
) -> Iterator[Element]:
    """The rows from `place` on, which `chunks` begin at; without `headers` the first row names
    them. A cell that is missing is an empty string, one too many is dropped (recorded).
    """
    source = _Lines(chunks, offset_of(place))
    names = headers if place is None else place["headers"]
    rows = csv.reader(source, delimiter=delimiter)
    try:
        if names is None:
            names = next(rows, None)
        if names is None:
            return
        for row in rows:
            if row:
                yield Element(_item(names, row), {"offset": source.offset, "headers": list(names)})
    except csv.Error as fault:
        raise BadObject(f"The object is no CSV: {fault}") from fault


def _item(names: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    item = dict.fromkeys(names, "")
    item.update(zip(names, row, strict=False))
    return item
