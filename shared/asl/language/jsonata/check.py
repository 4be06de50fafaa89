"""What can be said of an expression before it runs: what it reads, and what it must not use.

The walk also marks the paths that start from outside (origin.py), since it knows which do.

A Step Functions expression has no input document: it starts from `$states` or from a variable.
So `$`, `$$` and field names are refused where they would look at one; within a path, a filter or a
grouping they look at the item there. A wildcard there is let through, and finds nothing.
Rules and words are those of ValidateStateMachineDefinition; `$eval` is refused in our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asl.language.errors import Diagnostic, QueryError
from asl.language.jsonata.origin import BUILTIN, STATES, shorten

_ALWAYS: Final = ("input", "context")
_SOMETIMES: Final = ("result", "errorOutput")
UNSUPPORTED: Final = "UNSUPPORTED_JSONATA_EXPRESSION"


@dataclass(frozen=True, slots=True)
class Reading:
    """What an expression reads: names from outside, and the members of `$states`.

    A name may be a built-in function's too: it is the variable of that name, where there is one,
    unless it is called.
    """

    names: frozenset[str]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the expression we are: the names bound there, and whether a context item exists."""

    local: frozenset[str] = frozenset()
    has_item: bool = False

    def within(self) -> _Place:
        return _Place(self.local, has_item=True)

    def binding(self, names: Iterable[str]) -> _Place:
        names = frozenset(names)
        if STATES in names:
            message = "$states is reserved: it cannot be assigned or bound"
            raise QueryError([Diagnostic(UNSUPPORTED, message)])
        return _Place(self.local.union(names), self.has_item)


@dataclass(slots=True)
class _Walk:
    """faults: messages, each once, in the order of the text."""

    members: frozenset[str]
    functions: Mapping[str, Any]
    names: set[str] = field(default_factory=set)
    faults: dict[str, None] = field(default_factory=dict)

    def refuse(self, message: str) -> None:
        self.faults[message] = None

    def visit(self, node: Any, place: _Place) -> _Place:
        """Note what `node` reads; the place as what comes after it in the same scope sees it."""
        kind = node.type
        visit = _VISITS.get(kind)
        after = place if visit is None else visit(self, node, place)
        for predicate in node.predicate or ():
            self.visit(predicate.expr, place.within())
        if node.group is not None and kind != "path":
            self._pairs(node.group.lhs_object, after.within())
        return after

    def every(self, nodes: Iterable[Any], place: _Place) -> _Place:
        for node in nodes:
            place = self.visit(node, place)
        return place

    def path(self, node: Any, place: _Place) -> _Place:
        steps = node.steps
        if steps[0].type == "variable" and steps[0].value == STATES:
            self._member(steps)
        inner = place
        for step in steps:
            after = self.visit(step, inner)
            bound = [name for name in (step.focus, step.index) if isinstance(name, str)]
            inner = after.within().binding(bound)
            inner = self._stages(step, inner)
        if node.group is not None:
            self._pairs(node.group.lhs_object, inner)
        if steps[0].type == "variable" and steps[0].value in self.names - place.local:
            shorten(node)
        return place

    def _stages(self, step: Any, place: _Place) -> _Place:
        for stage in step.stages or ():
            if stage.type == "filter":
                self.visit(stage.expr, place)
            else:
                place = place.binding([stage.value])
        return place

    def _member(self, steps: list[Any]) -> None:
        if len(steps) < 2 or steps[1].type != "name":
            return
        name = steps[1].value
        if name not in self.members:
            self.refuse(f"Field '$states.{name}' does not exist.")

    def variable(self, node: Any, place: _Place) -> _Place:
        name = node.value
        if name == "$":
            self.refuse("Reference to '$$' is not supported.")
        elif name == "eval":
            self.refuse("The function $eval is not supported: use $parse")
        elif name == "" and not place.has_item:
            self.refuse(_at_the_top("$"))
        elif name and name not in place.local:
            self.names.add(name)
        return place

    def name(self, node: Any, place: _Place) -> _Place:
        if not place.has_item:
            self.refuse(_at_the_top(node.value))
        return place

    def binary(self, node: Any, place: _Place) -> _Place:
        return self.every((node.lhs, node.rhs), place)

    def unary(self, node: Any, place: _Place) -> _Place:
        if node.value == "[":
            return self.every(node.expressions, place)
        if node.value == "{":
            return self._pairs(node.lhs_object, place)
        return self.visit(node.expression, place)

    def _pairs(self, pairs: Iterable[Iterable[Any]], place: _Place) -> _Place:
        for pair in pairs:
            place = self.every(pair, place)
        return place

    def condition(self, node: Any, place: _Place) -> _Place:
        branches = [node.then] if node._else is None else [node.then, node._else]
        return self.every([node.condition, *branches], place)

    def block(self, node: Any, place: _Place) -> _Place:
        inner = place
        later = {part.lhs.value for part in node.expressions if part.type == "bind"}
        for part in node.expressions:
            # a function may name what the block binds after it: it is called later
            deferred = part.type == "bind" and part.rhs.type == "lambda"
            after = self.visit(part, inner.binding(later) if deferred else inner)
            inner = inner.binding([part.lhs.value]) if part.type == "bind" else after
        return place

    def bind(self, node: Any, place: _Place) -> _Place:
        name = node.lhs.value
        recursive = node.rhs.type == "lambda"
        self.visit(node.rhs, place.binding([name]) if recursive else place)
        return place.binding([name])

    def function(self, node: Any, place: _Place) -> _Place:
        arguments = [part for part in node.arguments if part.type != "operator"]
        called = node.procedure
        name = called.value if called.type == "variable" else None
        if name in self.functions and name not in place.local:
            called.type = BUILTIN
            return self.every(arguments, place)
        return self.every([called, *arguments], place)

    def lambda_(self, node: Any, place: _Place) -> _Place:
        self.visit(node.body, place.binding(argument.value for argument in node.arguments))
        return place

    def sort(self, node: Any, place: _Place) -> _Place:
        self.every((term.expression for term in node.terms), place)
        return place

    def transform(self, node: Any, place: _Place) -> _Place:
        parts = (node.pattern, node.update, node.delete)
        self.every((part for part in parts if part is not None), place.within())
        return place


_VISITS: Final[Mapping[str, Callable[[_Walk, Any, _Place], _Place]]] = {
    "path": _Walk.path,
    "variable": _Walk.variable,
    "name": _Walk.name,
    "binary": _Walk.binary,
    "apply": _Walk.binary,
    "unary": _Walk.unary,
    "condition": _Walk.condition,
    "block": _Walk.block,
    "bind": _Walk.bind,
    "function": _Walk.function,
    "partial": _Walk.function,
    "lambda": _Walk.lambda_,
    "sort": _Walk.sort,
    "transform": _Walk.transform,
}


def _at_the_top(name: str) -> str:
    return f"Reference to '{name}' at the top level is not supported."


def check(tree: Any, available: frozenset[str], functions: Mapping[str, Any]) -> Reading:
    """What the expression reads; QueryError for what it must not use."""
    members = _ALWAYS + tuple(name for name in _SOMETIMES if name in available)
    walk = _Walk(frozenset(members), functions)
    walk.visit(tree, _Place())
    if walk.faults:
        raise QueryError([Diagnostic(UNSUPPORTED, message) for message in walk.faults])
    return Reading(
        names=frozenset(walk.names - {STATES}),
        states=members if STATES in walk.names else (),
    )
