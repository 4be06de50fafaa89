"""What crosses the border between JSON and the evaluator.

Inside, JSON's null is the library's NULL_VALUE and None is JSONata's undefined; outside there is
no undefined, and null is None. Numbers are written the way JavaScript writes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from jsonata.jexception import JException
from jsonata.utils import Utils

from asl.language import jsontext
from asl.language.scope import Json

NULL: Final = Utils.NULL_VALUE
MAX_NESTING: Final = jsontext.MAX_DEPTH
MAX_LENGTH: Final = 1_000_000
"""The most characters of a string, or items of an array, that an evaluation may make."""

_SURROGATES = re.compile("[\ud800-\udfff]")


class UnsupportedResultError(Exception):
    """The result holds a function or a regular expression, which JSON cannot express."""


def admit(value: Json) -> Any:
    """The value as the evaluator sees it: null made visible, nothing copied where there is none."""
    if value is None:
        return NULL
    if isinstance(value, dict):
        return _admit_object(value)
    if isinstance(value, list):
        return _admit_array(value)
    return value


def _admit_object(value: dict[str, Json]) -> dict[str, Any]:
    changed = {}
    for name, item in value.items():
        if item is None or isinstance(item, (dict, list)):
            admitted = admit(item)
            if admitted is not item:
                changed[name] = admitted
    return {**value, **changed} if changed else value


def _admit_array(value: list[Json]) -> list[Any]:
    admitted = [
        admit(item) if item is None or isinstance(item, (dict, list)) else item for item in value
    ]
    if all(ours is theirs for ours, theirs in zip(admitted, value, strict=True)):
        return value
    return admitted


def emit(value: Any, depth: int = 0) -> Json:
    """The value as plain JSON, free of the library's own types; the value itself is not changed.

    Raises UnsupportedResultError for a function, JException D1001 for a number JSON cannot write.
    """
    if value is NULL or value is None:
        return None
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, (bool, int, float)):
        return number(value)
    if depth > MAX_NESTING:
        raise JException("D1011", -1)
    if isinstance(value, dict):
        return {
            well_formed(name): emit(item, depth + 1)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [emit(item, depth + 1) for item in value]
    raise UnsupportedResultError


def well_formed(text: str) -> str:
    """The text with the halves of a surrogate pair joined, as JavaScript's UTF-16 joins them."""
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def number(value: float) -> float:
    """A number fit for JSON: no NaN, no infinity, no -0; whole ones of 1e21 and up as a float."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise JException("D1001", -1, str(value))
        return value or abs(value)
    if not isinstance(value, bool) and abs(value) >= 10**21:
        return float(value)
    return value


def number_text(value: float) -> str:
    """The number as JavaScript prints it after rounding it to 15 digits ($string's rule)."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else number_text(float(value))
    if not math.isfinite(value):
        raise JException("D3001", -1)
    rounded = float(f"{value:.15g}")
    if rounded.is_integer() and abs(rounded) < 1e21:
        return str(int(rounded))
    mantissa, _, exponent = repr(rounded).partition("e")
    if not exponent:
        return mantissa
    if -7 < int(exponent) < 0:
        return f"{rounded:.{len(mantissa.lstrip('-').replace('.', '')) - 1 - int(exponent)}f}"
    return f"{mantissa}e{int(exponent):+d}"


def items_of(holder: Any) -> Iterable[Any]:
    """What a value holds one level down: nothing for a scalar."""
    if isinstance(holder, dict):
        return holder.values()
    return holder if isinstance(holder, list) else ()


def nodes_of(value: Any) -> Iterator[Any]:
    """The value and everything in it, level by level."""
    level = [value]
    while level:
        yield from level
        level = [item for holder in level for item in items_of(holder)]


def copy_of(value: Any) -> Any:
    """A deep copy; functions in it become empty texts, as JSON.stringify would have them."""
    if isinstance(value, dict):
        return {name: copy_of(item) for name, item in value.items()}
    if isinstance(value, list):
        return [copy_of(item) for item in value]
    return value if value is NULL or isinstance(value, (str, int, float)) else ""
