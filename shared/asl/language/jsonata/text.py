"""$string: any value as JSON text, with its numbers rounded to 15 digits."""

from __future__ import annotations

import json
from typing import Any, Final

from jsonata.jexception import JException

from asl.language.jsonata.values import MAX_NESTING, NULL, number_text, well_formed

_INDENT: Final = "  "


def string_of(value: Any, *, pretty: bool = False) -> str:
    """The text of a value; a string is its own text, a function's is empty.

    The caller bounds the size of the value; nested deeper than MAX_NESTING is D1011.
    """
    if isinstance(value, str):
        return value
    return _written(value, "\n" if pretty else None, 0)


def _written(value: Any, newline: str | None, depth: int) -> str:
    if depth > MAX_NESTING:
        raise JException("D1011", -1)
    if value is NULL or value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, str):
        return json.dumps(well_formed(value), ensure_ascii=False)
    if isinstance(value, list):
        items = [_written(item, newline, depth + 1) for item in value]
        return _enclosed("[", items, "]", newline, depth)
    if isinstance(value, dict):
        return _enclosed("{", _members(value, newline, depth), "}", newline, depth)
    return '""' if depth else ""


def _members(value: dict[str, Any], newline: str | None, depth: int) -> list[str]:
    colon = ":" if newline is None else ": "
    return [
        json.dumps(well_formed(name), ensure_ascii=False)
        + colon
        + _written(item, newline, depth + 1)
        for name, item in value.items()
    ]


def _enclosed(opening: str, items: list[str], closing: str, newline: str | None, depth: int) -> str:
    if newline is None or not items:
        return opening + ",".join(items) + closing
    inner = newline + _INDENT * (depth + 1)
    return opening + inner + ("," + inner).join(items) + newline + _INDENT * depth + closing
