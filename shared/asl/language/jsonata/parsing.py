"""From a text to the library's syntax tree."""

from __future__ import annotations

import re
from typing import Any, Final

from jsonata.parser import Parser

from asl.language.jsonata.regex import Pattern
from asl.language.jsonata.values import well_formed

_SURROGATE_PAIR: Final = re.compile(
    r"((?<!\\)(?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


class FreshParser:
    """Parses the few lines of JSONata that the evaluator makes for itself (partial application)."""

    dbg = False

    def parse(self, text: str) -> Any:
        return parse(text)


def parse(text: str) -> Any:
    """The syntax tree of an expression; a parser keeps state, so each text gets a new one."""
    return Parser().parse(_SURROGATE_PAIR.sub(_joined, text), Pattern)


def _joined(pair: re.Match[str]) -> str:
    return pair[1] + well_formed(chr(int(pair[2], 16)) + chr(int(pair[3], 16)))
