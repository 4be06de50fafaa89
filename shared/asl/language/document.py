"""A JSON document that is parsed, and written, once at most."""

from __future__ import annotations

from asl.language import jsontext
from asl.language.scope import Json

_ABSENT = object()


class Document:
    """A JSON value and its compact text; whichever is missing is made when first asked for.

    A state that hands its input on neither parses nor writes it. Values are treated as immutable
    throughout the library, so documents may share them.
    """

    __slots__ = ("_text", "_value")

    def __init__(self, value: Json = _ABSENT, text: str | None = None) -> None:
        if value is _ABSENT and text is None:
            raise TypeError("a document needs a value or a text")
        self._value = value
        self._text = text

    @classmethod
    def read(cls, text: str) -> Document:
        """The document of a text that this library wrote."""
        return cls(text=text)

    @property
    def value(self) -> Json:
        if self._value is _ABSENT:
            self._value = jsontext.loads(self._text or "")
        return self._value

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = jsontext.dumps(self._value)
        return self._text

    def exceeds(self, limit: int) -> bool:
        """Whether the compact UTF-8 form has more than `limit` bytes.

        The stored text is ASCII with escapes, never shorter than UTF-8; only where it is over the
        limit is the exact size worth counting.
        """
        return len(self.text) > limit and jsontext.size(self.value) > limit

    def __repr__(self) -> str:
        return f"Document({self.text})"


EMPTY = Document({}, "{}")
