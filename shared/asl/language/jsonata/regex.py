"""Regular expressions with JavaScript's syntax and an end: none runs longer than a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import regex  # type: ignore[import-untyped]
from jsonata.jexception import JException
from jsonata.regex_engine import RegexFlags

SECONDS: Final = 1.0


class Pattern:
    """A compiled regular expression, in the shape in which the library wants one.

    A match that takes longer than SECONDS raises TimeoutError; other threads go on meanwhile.
    """

    __slots__ = ("_compiled",)

    def __init__(self, text: str, flags: RegexFlags) -> None:
        options = regex.VERSION0
        options |= regex.IGNORECASE if flags.case_insensitive else 0
        options |= regex.MULTILINE if flags.multiline else 0
        self._compiled = regex.compile(_end_of_input(text, flags), options, cache_pattern=False)

    def search(self, text: str) -> regex.Match[str] | None:
        return self._compiled.search(text, timeout=SECONDS, concurrent=True)

    def finditer(self, text: str) -> Iterator[regex.Match[str]]:
        """The matches from left to right; one of zero length is D1004."""
        for match in self._compiled.finditer(text, timeout=SECONDS, concurrent=True):
            if match.end() == match.start():
                raise JException("D1004", -1)
            yield match

    def sub(self, replacement: Any, text: str, count: int = 0) -> str:
        replaced: str = self._compiled.sub(
            replacement, text, count, timeout=SECONDS, concurrent=True
        )
        return replaced

    def split(self, text: str, maxsplit: int = 0) -> list[str]:
        pieces: list[str] = self._compiled.split(text, maxsplit, timeout=SECONDS, concurrent=True)
        return pieces


def _end_of_input(text: str, flags: RegexFlags) -> str:
    r"""JavaScript's `$` is the very end, Python's also the place before a last line break: `\Z`."""
    if flags.multiline or "$" not in text:
        return text
    parts: list[str] = []
    escaped = in_class = False
    for character in text:
        end = character == "$" and not escaped and not in_class
        parts.append(r"\Z" if end else character)
        if not escaped:
            in_class = character == "[" or (in_class and character != "]")
        escaped = character == "\\" and not escaped
    return "".join(parts)
