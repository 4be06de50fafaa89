"""JSON: the members of an array or an object, wherever in the text a pointer finds it.

The text is read as far as the items go, never as a whole.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from asl.language import jsontext
from asl.language.items.reading import BadObject, Element, Place, offset_of
from asl.language.scope import Json

NOT_ITERABLE = "Attempting to map over non-iterable node."  # recorded
OF_NUMBERS = "+-.0123456789Ee"
_BLANK = re.compile(r"[ \t\n\r]*")


class _Text:
    """A text that grows as it is read; `offset` is the byte at which it is read now."""

    def __init__(self, chunks: Iterable[bytes], offset: int) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self.offset = offset

    def _grow(self) -> bool:
        """Double what is at hand, so that a long value is not parsed too often; False: no more."""
        self._text, self._at = self._text[self._at :], 0
        wanted = 2 * len(self._text) + 1
        try:
            while len(self._text) < wanted:
                chunk = next(self._chunks, None)
                if chunk is None:
                    self._decoder.decode(b"", final=True)
                    return len(self._text) > wanted // 2
                self._text += self._decoder.decode(chunk)
        except UnicodeDecodeError as fault:
            raise BadObject(f"The object is no UTF-8 text: {fault}") from fault
        return True

    def _take(self, end: int) -> None:
        self.offset += len(self._text[self._at : end].encode())
        self._at = end

    def peek(self) -> str:
        """The next character that is no blank, empty at the end."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._take(found.end() if found else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def expect(self, characters: str) -> str:
        """Take one of these characters."""
        found = self.peek()
        if not found or found not in characters:
            wanted = " or ".join(repr(character) for character in characters)
            raise BadObject(f"The object is no JSON: {wanted} is missing at byte {self.offset}")
        self._take(self._at + 1)
        return found

    def value(self) -> Json:
        """Take the next value; a number may go on where the text at hand ends."""
        self.peek()
        while True:
            try:
                value, end = jsontext.scan(self._text, self._at)
            except jsontext.InvalidJson as fault:
                if not self._grow():
                    raise BadObject(f"The object is no JSON: {fault}") from fault
                continue
            length = end - self._at
            cut = self._text[end : end + 1]
            if (not cut or cut in OF_NUMBERS) and self._grow():
                continue
            self._take(self._at + length)
            return value


def json_items(
    chunks: Iterable[bytes], place: Place | None, pointer: str = ""
) -> Iterator[Element]:
    """The members from `place` on, which `chunks` begin at; at first those that `pointer` names.

    pointer: a JSON Pointer (RFC 6901) into the text.
    """
    text = _Text(chunks, offset_of(place))
    if place is None:
        _go_to(text, pointer)
        kind = text.peek()
        if kind not in ("[", "{"):
            raise BadObject(NOT_ITERABLE)
        text.expect(kind)
        first = True
    else:
        kind, first = place["kind"], False
    while _goes_on(text, kind, first=first):
        first = False
        key = _key(text) if kind == "{" else None
        value = text.value()
        yield Element(value, {"offset": text.offset, "kind": kind}, key)


def _goes_on(text: _Text, kind: str, *, first: bool) -> bool:
    """Whether another member follows; takes the comma before it, or the closing bracket."""
    closing = "]" if kind == "[" else "}"
    if first and text.peek() != closing:
        return True
    return text.expect(closing if first else f",{closing}") == ","


def _key(text: _Text) -> str:
    if text.peek() != '"':
        text.expect('"')
    key = text.value()
    text.expect(":")
    return str(key)


def _go_to(text: _Text, pointer: str) -> None:
    """Read on to the value that the pointer names; what comes before it is passed over."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        kind = text.peek()
        if kind not in ("[", "{"):
            raise BadObject(f"ItemsPointer {pointer} leads nowhere in the object")
        text.expect(kind)
        if not _find(text, kind, name):
            raise BadObject(f"ItemsPointer {pointer} leads nowhere in the object")


def _find(text: _Text, kind: str, name: str) -> bool:
    index = 0
    while _goes_on(text, kind, first=index == 0):
        found = _key(text) if kind == "{" else str(index)
        if found == name:
            return True
        text.value()
        index += 1
    return False
