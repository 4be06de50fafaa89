"""What JSON values have in common whatever reads them: their kinds, their equality, their order."""

from __future__ import annotations

from collections.abc import Hashable

from asl.language.scope import Json


def is_number(value: Json) -> bool:
    """Whether the value is a JSON number; Python's booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kind_of(value: Json) -> str:
    """The JSON name of the value's type: null, boolean, number, string, array or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "number"


def identity(value: Json) -> Hashable:
    """A key that two values share exactly when they are equal as JSON.

    Numbers are equal by value (1 and 1.0); true is not 1, as it would be in Python.
    """
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return tuple(identity(item) for item in value)
    if isinstance(value, dict):
        return frozenset((key, identity(item)) for key, item in value.items())
    return value  # type: ignore[no-any-return]


def equal(left: Json, right: Json) -> bool:
    """Deep equality as JSON; see `identity`, which gives the same answer more slowly."""
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(equal(value, right[key]) for key, value in left.items())
        )
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def utf16_order(text: str) -> bytes:
    """A sort key in the order of UTF-16 code units, which is Java's compareTo."""
    return text.encode("utf-16-be", "surrogatepass")
