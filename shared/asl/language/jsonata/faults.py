"""The texts of JSONata's error codes, as its reference implementation words them."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from jsonata.jexception import JException

from asl.language.jsonata.values import UnsupportedResultError, emit

_PLACEHOLDER = re.compile(r"\{?\{\{(\w+)\}\}\}?")
_ORDER: Final = {"D1002": (1,), "T0411": (1, 0)}
"""Where the library hands over the inserts of a text in another order than the text has them."""

TOO_MUCH: Final = "D1012"
_OURS: Final = {
    "D1012": "The expression takes too many steps or makes a value that is too large",
    "D3140": "Malformed URL passed to ${{{functionName}}}(): {{value}}",
}


def describe(fault: JException) -> str:
    """`CODE: text`, for example `T1006: Attempted to invoke a non-function`."""
    code = fault.error
    template = _OURS.get(code) or JException.error_codes.get(code)
    if template is None:
        return f"D3137: {code}"
    # the library's table says "Object" where JSONata says "function", and doubles its quotes
    template = template.replace("Object", "function").replace('"', "'")
    values = (fault.current, fault.expected, fault.extra)
    inserts = iter([values[index] for index in _ORDER.get(code, (0, 1, 2))])

    def fill(match: re.Match[str]) -> str:
        value = next(inserts, None)
        return str(value) if match.group().startswith("{{{") else _shown(value)

    return f"{code}: {_PLACEHOLDER.sub(fill, template)}"


def describe_any(fault: Exception) -> str:
    """The text for whatever else the library lets through, which names no code."""
    if isinstance(fault, JException):
        return describe(fault)
    if isinstance(fault, RecursionError):
        return describe(JException("D1011", -1))
    if isinstance(fault, (TimeoutError, MemoryError)):
        return describe(JException(TOO_MUCH, -1))
    if isinstance(fault, OverflowError):
        return "D1001: Number out of range"
    if isinstance(fault, UnicodeError):
        return "D3140: A text holds a malformed escape, or half a surrogate pair"
    return _by_text(str(fault)) or "T0410: A function or operator cannot be applied to these values"


def _by_text(text: str) -> str | None:
    """The library's date and number pictures raise the text of an error without its code."""
    for code, template in JException.error_codes.items():
        if len(text) > 20 and template.startswith(text[:40]):
            return f"{code}: {text}"
    return None


def _shown(value: Any) -> str:
    try:
        return json.dumps(emit(value), ensure_ascii=False, separators=(",", ":"))
    except (UnsupportedResultError, JException):
        return '"function"'
