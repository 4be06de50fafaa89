"""What is wrong with a JSON text, in the words of the Jackson parser, as AWS answers them.

Recorded are an unknown token, a name without double quotes, and their places; the rest follows
Jackson's own texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder

from asl.language.jsontext import InvalidJson
from asl.language.scope import Json

VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
LONGEST_SOURCE = 500  # characters of the text that Jackson repeats

_TOKEN = re.compile(r"[^\W\d]\w*")
_LONGEST_TOKEN = 256


@dataclass(frozen=True, slots=True)
class JsonFault:
    """`message` says what was met; `location` where, empty when that is not known."""

    message: str
    location: str = ""

    def __str__(self) -> str:
        return f"{self.message}\n at {self.location}" if self.location else self.message


def describe(text: str, fault: InvalidJson) -> JsonFault:
    """The fault that reading `text` ended with."""
    cause = fault.__cause__
    if not isinstance(cause, JSONDecodeError):
        return JsonFault(str(fault))
    message, end = _met(text, cause)
    return JsonFault(message, _location(text, end))


def repeated_states(text: str) -> list[str]:
    """The names that stand twice in one object of a JSON text, with what looks like a state.

    Of repeated names a parser keeps the last, so that a state would vanish without a word.
    """
    found: list[str] = []

    def note(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(pairs)
        if len(value) < len(pairs):
            names = [name for name, inner in pairs if isinstance(inner, dict) and "Type" in inner]
            found.extend(sorted({name for name in names if names.count(name) > 1}))
        return value

    JSONDecoder(object_pairs_hook=note).decode(text)
    return found


def _met(text: str, cause: JSONDecodeError) -> tuple[str, int]:
    """The message, and how far Jackson has read when it gives up."""
    position = cause.pos
    if cause.msg.startswith("Unterminated string"):
        return (
            "Unexpected end-of-input: was expecting closing quote for a string value",
            len(text),
        )
    if cause.msg.startswith("Illegal trailing comma"):  # Python 3.13 points at the comma
        position = re.compile(r"[\s,]*").match(text, position).end()  # type: ignore[union-attr]
    if position >= len(text):
        return "Unexpected end-of-input", len(text)
    found = text[position]
    token = _TOKEN.match(text, position)
    if cause.msg.startswith("Expecting value") and token is not None and found != "_":
        name = token.group()[:_LONGEST_TOKEN]
        return f"Unrecognized token '{name}': was expecting {VALUE}", token.end()
    return f"Unexpected character ({_shown(found)}): {_expected(cause.msg)}", position + 1


def _expected(reason: str) -> str:
    for start, words in _EXPECTED.items():
        if reason.startswith(start):
            return words
    return f"expected a valid value {VALUE}"


_EXPECTED = {
    "Expecting property name": "was expecting double-quote to start field name",
    "Illegal trailing comma before end of object": "was expecting double-quote to start field name",
    "Expecting ',' delimiter": "was expecting comma to separate entries",
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    "Invalid control character": "has to be escaped using backslash to be included in string value",
    "Invalid \\": "the escape is not a JSON one",
    "Extra data": "was expecting the end of the text",
}


def _shown(character: str) -> str:
    code = ord(character)
    if code < 32:
        return f"CTRL-CHAR, code {code}"
    hexadecimal = f" / 0x{code:x}" if code > 255 else ""
    return f"'{character}' (code {code}{hexadecimal})"


def _location(text: str, end: int) -> str:
    line = text.count("\n", 0, end) + 1
    column = end - (text.rfind("\n", 0, end) + 1) + 1
    source = f'(String)"{text[:LONGEST_SOURCE]}"'
    if len(text) > LONGEST_SOURCE:
        source += f"[truncated {len(text) - LONGEST_SOURCE} chars]"
    return f"[Source: {source}; line: {line}, column: {column}]"
