"""Reading a short text of an expression language from left to right."""

from __future__ import annotations

import re

from asl.language.errors import ExpressionError
from asl.language.jsontext import InvalidJson, loads
from asl.language.scope import Json

MAX_NESTING = 10
"""How deeply calls and filters may nest: AWS's bound for intrinsic calls, kept for both."""

_BLANKS = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"(?:true|false|null)(?!\w)")
_LONGEST_NUMBER = 40


class TextReader:
    """A place in a text; `position` moves on as things are read."""

    __slots__ = ("depth", "position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def fault(self, reason: str) -> ExpressionError:
        """The error to raise: `reason`, and where in the text."""
        return ExpressionError(f"{reason} at position {self.position} of '{self.text}'")

    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def sees(self, token: str) -> bool:
        return self.text.startswith(token, self.position)

    def accept(self, token: str) -> bool:
        """Step over `token` if it stands here; whether it did."""
        if not self.sees(token):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise self.fault(f"Expected '{token}'")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """What `pattern` matches here, stepped over; None where it does not match."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self.position = found.end()
        return found.group()

    def skip_blanks(self) -> None:
        self.match(_BLANKS)

    def number(self) -> int | float | None:
        """A JSON number, or None where none stands here."""
        text = self.match(_NUMBER)
        if text is None:
            return None
        if len(text) > _LONGEST_NUMBER:
            raise self.fault("The number is too long")
        try:
            value: int | float = loads(text)
        except InvalidJson as fault:
            raise self.fault(str(fault)) from fault
        return value

    def sees_word(self) -> bool:
        """Whether true, false or null stands here."""
        return _WORD.match(self.text, self.position) is not None

    def word(self) -> Json:
        """The value of the true, false or null that stands here."""
        text = self.match(_WORD)
        if text is None:
            raise self.fault("Expected true, false or null")
        return _WORDS[text]

    def descend(self) -> None:
        """Go one level deeper; ExpressionError beyond MAX_NESTING."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.fault(f"More than {MAX_NESTING} levels of nesting")

    def ascend(self) -> None:
        self.depth -= 1
