"""The steps of a JSONPath, each of which turns one node into the nodes it selects.

The meanings are Jayway JsonPath's, whose dialect AWS uses, down to slices that run
over the front of an array when they begin with a negative index and have an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from asl.language.errors import runtime_fault
from asl.language.scope import Json

MAX_STEPS = 1_000_000
"""Nodes that one evaluation may look at: about a second, far beyond what real data needs."""


class Walk:
    """One evaluation of one path: the document that `$` means in a filter, and the steps left."""

    __slots__ = ("document", "left")

    def __init__(self, document: Json) -> None:
        self.document = document
        self.left = MAX_STEPS

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise runtime_fault(f"The JSONPath takes more than {MAX_STEPS} steps to evaluate")

    def through(self, segments: Sequence[Segment], start: Json) -> list[Json]:
        """The nodes at the end of `segments`, in document order."""
        nodes = [start]
        for segment in segments:
            found: list[Json] = []
            for node in nodes:
                selected = segment.select(node, self)
                self.spend(1 + len(selected))
                found.extend(selected)
            nodes = found
        return nodes


class Segment(Protocol):
    """One step; `definite` when it selects one node at most."""

    @property
    def definite(self) -> bool: ...

    def select(self, node: Json, walk: Walk, /) -> Sequence[Json]: ...


class Condition(Protocol):
    """The test of a filter."""

    def test(self, node: Json, walk: Walk, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Name:
    """`.name` or `['name']`."""

    name: str
    definite: bool = True

    def select(self, node: Json, _: Walk) -> Sequence[Json]:
        return (node[self.name],) if isinstance(node, dict) and self.name in node else ()

    def __str__(self) -> str:
        return f"['{self.name}']"


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]`; a negative one counts from the end."""

    index: int
    definite: bool = True

    def select(self, node: Json, _: Walk) -> Sequence[Json]:
        return _items(node, (self.index,))

    def __str__(self) -> str:
        return f"[{self.index}]"


@dataclass(frozen=True, slots=True)
class Names:
    """`['a','b']`: at the end of a path one object of these members, before it each in turn."""

    names: tuple[str, ...]
    definite: bool

    def select(self, node: Json, _: Walk) -> Sequence[Json]:
        if not isinstance(node, dict):
            return ()
        found = {name: node[name] for name in self.names if name in node}
        return (found,) if self.definite else tuple(found.values())

    def __str__(self) -> str:
        return "[" + ",".join(f"'{name}'" for name in self.names) + "]"


@dataclass(frozen=True, slots=True)
class Indexes:
    """`[0,2]`."""

    indexes: tuple[int, ...]
    definite: bool = False

    def select(self, node: Json, _: Walk) -> Sequence[Json]:
        return _items(node, self.indexes)

    def __str__(self) -> str:
        return "[" + ",".join(map(str, self.indexes)) + "]"


@dataclass(frozen=True, slots=True)
class Slice:
    """`[from:]`, `[:to]` or `[from:to]`; `to` is not in it."""

    start: int | None
    stop: int | None
    definite: bool = False

    def select(self, node: Json, _: Walk) -> Sequence[Json]:
        if not isinstance(node, list):
            return ()
        length = len(node)
        start, stop = self.start, self.stop
        if stop is None:
            return node[start:]
        if start is None:
            return node[:stop]
        span = range(max(start, -length), min(stop, length))
        return _items(node, span)

    def __str__(self) -> str:
        start = "" if self.start is None else self.start
        return f"[{start}:{'' if self.stop is None else self.stop}]"


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`.*` or `[*]`: every member or item."""

    definite: bool = False

    def select(self, node: Json, _: Walk) -> Sequence[Json]:
        if isinstance(node, dict):
            return tuple(node.values())
        return node if isinstance(node, list) else ()

    def __str__(self) -> str:
        return "[*]"


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`: of an array the items that pass; an object passes, or not, itself."""

    condition: Condition
    definite: bool = False

    def select(self, node: Json, walk: Walk) -> Sequence[Json]:
        if isinstance(node, dict):
            return (node,) if self.passes(node, walk) else ()
        if not isinstance(node, list):
            return ()
        return [item for item in node if self.passes(item, walk)]

    def passes(self, node: Json, walk: Walk) -> bool:
        walk.spend(1)
        return self.condition.test(node, walk)

    def __str__(self) -> str:
        return "[?]"


@dataclass(frozen=True, slots=True)
class Length:
    """`.length()`: of an array or an object; null for anything else."""

    definite: bool = True

    def select(self, node: Json, _: Walk) -> Sequence[Json]:
        return (len(node),) if isinstance(node, (dict, list)) else (None,)

    def __str__(self) -> str:
        return ".length()"


@dataclass(frozen=True, slots=True)
class Scan:
    """`..`: the step after it, taken at every object and array below, the outermost first."""

    step: Segment
    definite: bool = False

    def select(self, node: Json, walk: Walk) -> Sequence[Json]:
        return [
            found
            for container in _containers(node, walk)
            if self._applies(container, walk)
            for found in self.step.select(container, walk)
        ]

    def _applies(self, node: Json, walk: Walk) -> bool:
        if isinstance(self.step, Filter):  # Jayway asks the container itself before its items
            return self.step.passes(node, walk)
        if isinstance(self.step, Names) and self.step.definite:
            return isinstance(node, dict) and all(name in node for name in self.step.names)
        return True

    def __str__(self) -> str:
        return f"..{self.step}"


def _items(node: Json, indexes: Sequence[int]) -> Sequence[Json]:
    if not isinstance(node, list):
        return ()
    length = len(node)
    return [node[index] for index in indexes if -length <= index < length]


def _containers(node: Json, walk: Walk) -> Iterator[Json]:
    """The objects and arrays in `node`, itself first, each before what it holds."""
    waiting = [node] if isinstance(node, (dict, list)) else []
    while waiting:
        container = waiting.pop()
        walk.spend(1)
        yield container
        held = container.values() if isinstance(container, dict) else container
        waiting.extend(reversed([item for item in held if isinstance(item, (dict, list))]))
