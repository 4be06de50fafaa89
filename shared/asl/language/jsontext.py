"""JSON as text: read strictly, written compactly, measured as AWS measures it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import NoReturn

from asl.language.errors import AslError
from asl.language.scope import Json

MAX_DEPTH = 256
"""Levels of nesting that are read and written: far above real data, below Python's recursion."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class InvalidJson(AslError):
    """A text that is no JSON, or a value that JSON cannot hold; says why."""


def _refuse(constant: str) -> NoReturn:
    raise InvalidJson(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidJson(f"the number {text[:40]} is too large")
    return number


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


_DECODE = _decoder().decode
_SCAN = _decoder().raw_decode
_DUMP = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=True, allow_nan=False, check_circular=False
).encode
_COMPACT = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def loads(text: str) -> Json:
    """The value of a JSON text (RFC 8259); of repeated keys the last one counts.

    InvalidJson when the text is none, holds NaN or Infinity, a number beyond a double's range, or
    nests deeper than MAX_DEPTH.
    """
    try:
        value = _DECODE(text)
    except RecursionError as fault:
        raise InvalidJson(f"the text nests deeper than {MAX_DEPTH} levels") from fault
    except ValueError as fault:
        raise InvalidJson(str(fault)) from fault
    _check_depth(text, value)
    return value


def scan(text: str, start: int) -> tuple[Json, int]:
    """The value that begins at `start`, and where it ends; InvalidJson as `loads`.

    For texts that are read piece by piece: what follows the value is not looked at.
    """
    try:
        value, end = _SCAN(text, start)
    except RecursionError as fault:
        raise InvalidJson(f"the text nests deeper than {MAX_DEPTH} levels") from fault
    except ValueError as fault:
        raise InvalidJson(str(fault)) from fault
    _check_depth(text[start:end], value)
    return value, end


def dumps(value: Json) -> str:
    """The compact text in ASCII, which every database stores unchanged; InvalidJson as `loads`."""
    return _write(value, ascii_only=True)


def compact(value: Json) -> str:
    """The compact text for people and messages, with characters as they are.

    Half a surrogate pair, which UTF-8 cannot hold, stays escaped.
    """
    text = _write(value, ascii_only=False)
    if text.isascii():
        return text
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def size(value: Json) -> int:
    """Bytes of the compact text in UTF-8: what the limits on data count."""
    text = compact(value)
    return len(text) if text.isascii() else len(text.encode())


def _write(value: Json, *, ascii_only: bool) -> str:
    try:
        text = _DUMP(value) if ascii_only else _COMPACT(value)
    except RecursionError as fault:
        raise InvalidJson(f"the value nests deeper than {MAX_DEPTH} levels") from fault
    except (TypeError, ValueError) as fault:
        raise InvalidJson(str(fault)) from fault
    _check_depth(text, value)
    return text


def _check_depth(text: str, value: Json) -> None:
    """Refuse what nests too deeply; nearly every text is cleared by counting its brackets."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    level = _containers([value])
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = [
            inner
            for outer in level
            for inner in _containers(outer.values() if isinstance(outer, dict) else outer)
        ]
    if level:
        raise InvalidJson(f"the value nests deeper than {MAX_DEPTH} levels")


def _containers(values: Iterable[Json]) -> list[Json]:
    return [value for value in values if isinstance(value, (dict, list))]
