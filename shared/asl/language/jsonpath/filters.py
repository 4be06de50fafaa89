"""The tests inside a JSONPath filter, `[?(…)]`, with the meanings of Jayway JsonPath.

Nothing in here raises for odd data: a comparison of what cannot be compared is false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from asl.language.jsonpath.patterns import Pattern
from asl.language.jsonpath.segments import Condition, Segment, Walk
from asl.language.scope import Json
from asl.language.values import equal, is_number, kind_of, utf16_order

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?")


class _Missing:
    """What a path gives that finds nothing: unequal to everything, null and itself included."""


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant in a filter: a string, number, boolean, null, array of such, or a pattern."""

    value: Json | Pattern

    def read(self, _node: Json, _walk: Walk) -> Json | Pattern:
        return self.value


@dataclass(frozen=True, slots=True)
class Query:
    """A path in a filter: `@…` from the node under test, `$…` from the document."""

    from_document: bool
    segments: tuple[Segment, ...]

    def nodes(self, node: Json, walk: Walk) -> list[Json]:
        return walk.through(self.segments, walk.document if self.from_document else node)

    def read(self, node: Json, walk: Walk) -> Json | _Missing:
        """The one node of a definite path or MISSING; the list of nodes of any other."""
        nodes = self.nodes(node, walk)
        if not all(segment.definite for segment in self.segments):
            return nodes
        return nodes[0] if nodes else MISSING


@dataclass(frozen=True, slots=True)
class Exists:
    """`@.a`: there is such a node, be it null."""

    query: Query

    def test(self, node: Json, walk: Walk) -> bool:
        return bool(self.query.nodes(node, walk))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`; `operator` is one of OPERATORS or `=~`."""

    left: Literal | Query
    operator: str
    right: Literal | Query

    def test(self, node: Json, walk: Walk) -> bool:
        left, right = self.left.read(node, walk), self.right.read(node, walk)
        if self.operator == "=~":
            return _matches(left, right, walk)
        if isinstance(left, list) or isinstance(right, list):
            walk.spend(_length(left) + _length(right))
        return OPERATORS[self.operator](left, right)


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]

    def test(self, node: Json, walk: Walk) -> bool:
        return all(part.test(node, walk) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]

    def test(self, node: Json, walk: Walk) -> bool:
        return any(part.test(node, walk) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Negation:
    part: Condition

    def test(self, node: Json, walk: Walk) -> bool:
        return not self.part.test(node, walk)


def _length(value: Json) -> int:
    return len(value) if isinstance(value, list) else 0


def _equals(left: Json, right: Json) -> bool:
    if left is MISSING or right is MISSING or isinstance(left, Pattern):
        return False
    if isinstance(left, str) and is_number(right):
        return _reads_as(left, right)
    if isinstance(right, str) and is_number(left):
        return _reads_as(right, left)
    return equal(left, right)


def _reads_as(text: str, number: float) -> bool:
    return _NUMBER.fullmatch(text) is not None and float(text) == number


def _same_kind_equals(left: Json, right: Json) -> bool:
    return kind_of(left) == kind_of(right) and _equals(left, right)


def _ordered(compare: Callable[[Json, Json], bool]) -> Callable[[Json, Json], bool]:
    """Numbers by value, strings by UTF-16 code units, anything else not at all."""

    def test(left: Json, right: Json) -> bool:
        if is_number(left) and is_number(right):
            return compare(left, right)
        if isinstance(left, str) and isinstance(right, str):
            return compare(utf16_order(left), utf16_order(right))
        return False

    return test


def _among(value: Json, items: Sequence[Json]) -> bool:
    return any(_equals(value, item) for item in items)


def _in(left: Json, right: Json) -> bool:
    return isinstance(right, list) and _among(left, right)


def _not_in(left: Json, right: Json) -> bool:
    return isinstance(right, list) and not _among(left, right)


def _contains(left: Json, right: Json) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list) and _among(right, left)


def _has_size(left: Json, right: Json) -> bool:
    return isinstance(left, (str, list, dict)) and is_number(right) and len(left) == int(right)


def _is_empty(left: Json, right: Json) -> bool:
    return (
        isinstance(left, (str, list, dict)) and isinstance(right, bool) and right is not bool(left)
    )


def _on_lists(test: Callable[[list[Json], list[Json]], bool]) -> Callable[[Json, Json], bool]:
    return lambda left, right: (
        isinstance(left, list) and isinstance(right, list) and test(left, right)
    )


OPERATORS: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "==": _equals,
    "!=": lambda left, right: not _equals(left, right),
    "===": _same_kind_equals,
    "!==": lambda left, right: not _same_kind_equals(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _in,
    "nin": _not_in,
    "contains": _contains,
    "size": _has_size,
    "empty": _is_empty,
    "all": _on_lists(lambda left, right: all(_among(item, left) for item in right)),
    "subsetof": _on_lists(lambda left, right: all(_among(item, right) for item in left)),
    "anyof": _on_lists(lambda left, right: any(_among(item, right) for item in left)),
    "noneof": _on_lists(lambda left, right: not any(_among(item, right) for item in left)),
}


def _matches(left: Json, right: Json, walk: Walk) -> bool:
    """`=~`: the whole text of a scalar, or of any item of an array, matches the pattern."""
    if isinstance(left, Pattern):
        left, right = right, left
    if not isinstance(right, Pattern) or isinstance(left, Pattern):
        return False
    return any(
        right.matches(_text(item), walk) for item in (left if isinstance(left, list) else [left])
    )


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""
