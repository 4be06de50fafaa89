"""The operators of Choice rules, each in one table [specification, Choice].

A comparison belongs to a family, which says what of a value it compares; a value of another type
makes every comparison of the family false (recorded on AWS).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from asl.language import timestamps
from asl.language.errors import runtime_fault
from asl.language.scope import Json
from asl.language.values import is_number, utf16_order


@dataclass(frozen=True, slots=True)
class Family:
    """key: what to compare of a value, or None for one of another type.

    complaint: what is wrong with a literal of another type.
    """

    key: Callable[[Json], Any]
    complaint: str


def _instant(value: Json) -> int | None:
    return timestamps.parse(value) if isinstance(value, str) else None


def _expected(kind: str) -> str:
    return f"Expected value of type {kind}"


_STRING = Family(
    lambda value: utf16_order(value) if isinstance(value, str) else None, _expected("String")
)
_NUMERIC = Family(lambda value: value if is_number(value) else None, _expected("Number"))
_BOOLEAN = Family(lambda value: value if isinstance(value, bool) else None, _expected("Boolean"))
_TIMESTAMP = Family(_instant, "String does not match RFC3339 timestamp")

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Operator:
    """A comparison of two values; its `Path` variant reads the right one from the data."""

    family: Family
    compare: Callable[[Any, Any], bool]

    def test(self, left: Json, right_key: Any) -> bool:
        """Whether `left` compares so with the value whose key is given (None: of another type)."""
        left_key = self.family.key(left)
        if left_key is None or right_key is None:
            return False
        return self.compare(left_key, right_key)


COMPARISONS: Final[dict[str, Operator]] = {
    "BooleanEquals": Operator(_BOOLEAN, operator.eq),
    **{
        family_name + order: Operator(family, compare)
        for family_name, family in (
            ("String", _STRING),
            ("Numeric", _NUMERIC),
            ("Timestamp", _TIMESTAMP),
        )
        for order, compare in _ORDERS.items()
    },
}

TYPE_TESTS: Final[dict[str, Callable[[Json], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: _instant(value) is not None,
}


@dataclass(frozen=True, slots=True)
class Wildcards:
    """The pattern of StringMatches: the literal parts around its `*`; None for a bad escape."""

    text: str
    parts: tuple[str, ...] | None

    @classmethod
    def parse(cls, text: str) -> Wildcards:
        r"""`*` stands for any characters; `\*` is a star and `\\` a backslash."""
        parts = [""]
        characters = iter(text)
        for character in characters:
            if character == "*":
                parts.append("")
                continue
            if character == "\\":
                character = next(characters, "")  # noqa: PLW2901 - what the backslash escapes
                if character not in ("*", "\\"):
                    return cls(text, None)
            parts[-1] += character
        return cls(text, tuple(parts))

    def match(self, value: str) -> bool:
        """Whether the whole of `value` matches.

        States.Runtime for a bad escape, which the specification finds at run time only.
        """
        if self.parts is None:
            raise runtime_fault(f"The pattern '{self.text}' of StringMatches has an invalid escape")
        first, *rest = self.parts
        if not rest:
            return value == first
        last = rest.pop()
        if len(value) < len(first) + len(last):
            return False
        if not (value.startswith(first) and value.endswith(last)):
            return False
        place, end = len(first), len(value) - len(last)
        for part in rest:
            place = value.find(part, place, end)
            if place < 0:
                return False
            place += len(part)
        return True
