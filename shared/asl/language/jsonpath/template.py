"""Payload templates: JSON in which a key ending in `.$` takes its value from the data.

Values are treated as immutable throughout the library, so what is rendered shares its constant
parts with the definition and its selected parts with the data; nobody may change either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from asl.language.errors import ExpressionError, runtime_fault
from asl.language.jsonpath.intrinsics import Call
from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.jsontext import compact
from asl.language.scope import Json, Scope

_REFERENCE_CALLS = frozenset(
    ("Format", "JsonToString", "ArrayGetItem", "Base64Encode", "Base64Decode", "Hash", "UUID")
)


class Node(Protocol):
    """A part of a template."""

    def render(self, scope: Scope, /) -> Json: ...

    def paths(self) -> Iterator[Path]: ...


@dataclass(frozen=True, slots=True)
class Constant:
    """A part without references, handed out as it stands in the definition."""

    value: Json

    def render(self, _scope: Scope) -> Json:
        return self.value

    def paths(self) -> Iterator[Path]:
        return iter(())


@dataclass(frozen=True, slots=True)
class PathField:
    """`"key.$": "$.path"`; `key` is written with its `.$`."""

    key: str
    path: Path

    def render(self, scope: Scope) -> Json:
        try:
            return self.path.read(scope)
        except PathNotFound as missing:
            raise runtime_fault(
                f"The JSONPath '{self.path.text}' specified for the field '{self.key}' "
                f"could not be found in the input '{compact(scope.data)}'"
            ) from missing

    def paths(self) -> Iterator[Path]:
        return iter((self.path,))


@dataclass(frozen=True, slots=True)
class CallField:
    """`"key.$": "States.Name(…)"`."""

    call: Call

    def render(self, scope: Scope) -> Json:
        try:
            return self.call.read(scope)
        except PathNotFound as missing:
            raise runtime_fault(
                f"The function '{self.call.text}' had the following error: The JsonPath argument "
                f"for the field '{missing.path}' could not be found in the input "
                f"'{compact(scope.data)}'"
            ) from missing

    def paths(self) -> Iterator[Path]:
        return self.call.paths()


@dataclass(frozen=True, slots=True)
class ObjectNode:
    """An object that holds a reference somewhere."""

    members: tuple[tuple[str, Node], ...]

    def render(self, scope: Scope) -> Json:
        return {key: node.render(scope) for key, node in self.members}

    def paths(self) -> Iterator[Path]:
        for _, node in self.members:
            yield from node.paths()


@dataclass(frozen=True, slots=True)
class ArrayNode:
    """An array that holds a reference somewhere."""

    items: tuple[Node, ...]

    def render(self, scope: Scope) -> Json:
        return [node.render(scope) for node in self.items]

    def paths(self) -> Iterator[Path]:
        for node in self.items:
            yield from node.paths()


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed payload template; `location` is its place in the definition."""

    root: Node
    location: str

    @classmethod
    def parse(cls, value: Json, location: str = "") -> Template:
        """Read any JSON value as a template.

        ExpressionError, in AWS's words, for the first field that is neither a path nor a call, and
        for a key that stands there both with `.$` and without.
        """
        return cls(_parse(value), location)

    def render(self, scope: Scope) -> Json:
        """The value with every reference resolved against `scope`.

        States.Runtime for a path that names nothing; what an intrinsic raises passes through.
        """
        return self.root.render(scope)

    def paths(self) -> tuple[Path, ...]:
        """Every path in it, in document order."""
        return tuple(self.root.paths())

    def variables(self) -> frozenset[str]:
        """The names of the variables it reads."""
        return frozenset().union(*(path.names_variables() for path in self.root.paths()))


def parse_path_or_call(text: str) -> Path | Call:
    """What a `.$` field holds; ExpressionError for anything else."""
    return Path.parse(text) if text.startswith("$") else Call.parse(text)


def parse_reference_or_intrinsic(text: str) -> Path | Call:
    """What ErrorPath and CausePath hold: a reference path or one of seven intrinsic functions.

    ExpressionError for anything else [Developer Guide, state-fail].
    """
    source = parse_path_or_call(text)
    if isinstance(source, Path):
        if not source.is_reference:
            raise ExpressionError(f"'{text}' is not a reference path")
    elif source.signature.name not in _REFERENCE_CALLS:
        raise ExpressionError(f"States.{source.signature.name} cannot be used here")
    return source


def _parse(value: Json) -> Node:
    if isinstance(value, dict):
        return _parse_object(value)
    if isinstance(value, list):
        items = tuple(map(_parse, value))
        constant = all(isinstance(item, Constant) for item in items)
        return Constant(value) if constant else ArrayNode(items)
    return Constant(value)


def _parse_object(value: dict[str, Json]) -> Node:
    members: list[tuple[str, Node]] = []
    for key, inner in value.items():
        if not key.endswith(".$"):
            members.append((key, _parse(inner)))
            continue
        name = key.removesuffix(".$")
        if name in value:
            raise ExpressionError(f"The field '{name}' cannot be used together with '{key}'")
        members.append((name, _parse_field(key, inner)))
    constant = all(isinstance(node, Constant) for _, node in members)
    return Constant(value) if constant else ObjectNode(tuple(members))


def _parse_field(key: str, value: Json) -> Node:
    try:
        if not isinstance(value, str):
            raise ExpressionError(f"'{compact(value)}' is no string")
        source = parse_path_or_call(value)
    except ExpressionError as fault:
        raise ExpressionError(
            f"The value for the field '{key}' must be a valid JSONPath "
            "or a valid intrinsic function call"
        ) from fault
    return PathField(key, source) if isinstance(source, Path) else CallField(source)
