"""Requests checked against AWS's service model, in AWS's words.

`shapes.json` holds what the model says of each operation's input; `tools/make_shapes.py` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from asl.aws import errors
from asl.aws.errors import AwsError
from asl.language.jsontext import compact

Shape = Mapping[str, Any]
MOST_FAULTS = 10  # AWS reports so many of a request's faults at most
_BITS = {"integer": 32, "long": 64}


def operations() -> frozenset[str]:
    """The names of all operations that AWS has."""
    return frozenset(_model()["operations"])


def read_input(operation: str, value: Any) -> dict[str, Any]:
    """The members of an operation's input that the model knows; absent ones are left out.

    SerializationException for a value of another type, ValidationException for one out of bounds.
    """
    shape = _shape(_model()["operations"][operation])
    members = _structure(shape, value)
    faults = list(_faults(shape, members, ""))
    if faults:
        plural = "s" if len(faults) > 1 else ""
        listed = "; ".join(faults[:MOST_FAULTS])
        raise errors.validation(f"{len(faults)} validation error{plural} detected: {listed}")
    return members


@lru_cache(maxsize=1)
def _model() -> dict[str, Any]:
    model: dict[str, Any] = msgspec.json.decode(
        (Path(__file__).parent / "shapes.json").read_bytes()
    )
    return model


def _shape(name: str) -> Shape:
    shape: Shape = _model()["shapes"][name]
    return shape


def _read(shape: Shape, value: Any) -> Any:
    return _READERS[shape["type"]](shape, value)


def _structure(shape: Shape, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unreadable(value, "a structure")
    return {
        name: _read(_shape(inner), value[name])
        for name, inner in shape.get("members", {}).items()
        if value.get(name) is not None
    }


def _list(shape: Shape, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _unreadable(value, "a list")
    return [_read(_shape(shape["member"]), item) for item in value if item is not None]


def _string(_shape: Shape, value: Any) -> str:
    if not isinstance(value, str):
        raise _unreadable(value, "a String")
    return value


def _integer(shape: Shape, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unreadable(value, "an Integer")
    bits = _BITS[shape["type"]]
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise AwsError("SerializationException", f"A number does not fit in {bits} bits")
    return value


def _float(_shape: Shape, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unreadable(value, "a Float")
    return value


def _boolean(_shape: Shape, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(value, "a Boolean")
    return value


_READERS: dict[str, Callable[[Shape, Any], Any]] = {
    "structure": _structure,
    "list": _list,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "boolean": _boolean,
}

_TOKENS = {
    str: "STRING_VALUE", bool: "BOOLEAN_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE",
    list: "START_ARRAY", dict: "START_OBJECT",
}  # fmt: skip


def _unreadable(value: Any, wanted: str) -> AwsError:
    token = _TOKENS.get(type(value), "NULL_VALUE")
    return AwsError("SerializationException", f"{token} can not be converted to {wanted}")


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    yield from _CHECKS[shape["type"]](shape, value, path)


def _structure_faults(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, inner in shape.get("members", {}).items():
        at = f"{path}.{name}" if path else name
        if name in value:
            yield from _faults(_shape(inner), value[name], at)
        elif name in shape.get("required", ()):
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"


def _list_faults(shape: Shape, value: list[Any], path: str) -> Iterator[str]:
    yield from _length_faults(shape, value, path)
    inner = _shape(shape["member"])
    for number, item in enumerate(value, 1):
        yield from _faults(inner, item, f"{path}.{number}.member")


def _string_faults(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from _length_faults(shape, value, path)
    if "enum" in shape and value not in shape["enum"]:
        yield _fault(shape, value, path, f"enum value set: [{', '.join(shape['enum'])}]", "satisfy")
    pattern = shape.get("pattern")
    if pattern is not None and not _pattern(pattern).fullmatch(value):
        yield _fault(shape, value, path, f"regular expression pattern: {pattern}", "satisfy")


def _length_faults(shape: Shape, value: str | list[Any], path: str) -> Iterator[str]:
    if len(value) < shape.get("min", 0):
        yield _fault(shape, value, path, f"length greater than or equal to {shape['min']}")
    if "max" in shape and len(value) > shape["max"]:
        yield _fault(shape, value, path, f"length less than or equal to {shape['max']}")


def _number_faults(shape: Shape, value: float, path: str) -> Iterator[str]:
    if "min" in shape and value < shape["min"]:
        yield _fault(shape, value, path, f"value greater than or equal to {shape['min']}")
    if "max" in shape and value > shape["max"]:
        yield _fault(shape, value, path, f"value less than or equal to {shape['max']}")


def _no_faults(_shape: Shape, _value: Any, _path: str) -> Iterator[str]:
    yield from ()


_CHECKS: dict[str, Callable[[Shape, Any, str], Iterator[str]]] = {
    "structure": _structure_faults,
    "list": _list_faults,
    "string": _string_faults,
    "integer": _number_faults,
    "long": _number_faults,
    "float": _number_faults,
    "boolean": _no_faults,
}


def _fault(shape: Shape, value: Any, path: str, constraint: str, verb: str = "have") -> str:
    """One fault; a sensitive value is not repeated."""
    shown = value if isinstance(value, str) else compact(value)
    quoted = "" if shape.get("sensitive") else f" '{shown}'"
    return (
        f"Value{quoted} at '{path}' failed to satisfy constraint: Member must {verb} {constraint}"
    )


@lru_cache(maxsize=10)
def _pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of the model, in Python's dialect."""
    return re.compile(pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]"))
