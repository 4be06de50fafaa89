"""Paths that start outside the expression: `$states.input.order.id`, `$variable.items[0]`.

Most expressions are such a path and nothing else, and most others hold some. The plain names at
the start of one are walked in the scope's own data, so that an evaluation costs by what it reads
and not by the size of the state's input. What comes out is what the evaluator would give: a path
that meets an array, which JSONata maps, is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jsonata.parser import Parser

from asl.language.jsonata.frames import UNDEFINED, walk
from asl.language.scope import Json, Scope

STATES: Final = "states"
BUILTIN: Final = "builtin"
"""The type of a variable that is called and names a built-in function."""
OUTSIDE: Final = "outside"
"""The type of a path that starts with plain names outside, once it is shortened."""
ORIGIN: Final = "origin"
"""The type of the first step of what is left of such a path: the value that the names led to."""

Shortcut = Callable[[Scope], Any]
"""From a scope to the value, UNDEFINED or AN_ARRAY_BETWEEN."""


def shorten(path: Any) -> None:
    """Make a path from a variable one whose plain names at the start are walked in the data.

    Its `value` becomes the variable's name and those names; its `steps[n]` is the path that is left
    to the evaluator when the first n of them were used, None when nothing is left.
    """
    steps = path.steps
    tuples = any(step.tuple is not None for step in (path, *steps))
    if tuples or path.keep_singleton_array or not _is_plain(steps[0]) or steps[0].stages:
        return
    length = 1
    while length < len(steps) and steps[length].type == "name" and _is_plain(steps[length]):
        length += 1
        if steps[length - 1].stages is not None:
            break
    if length == 1:
        return
    names = tuple(step.value for step in steps[:length])
    path.type = OUTSIDE
    path.value = names
    path.steps = [_rest(names[:used], steps[used:]) for used in range(1, length)]
    path.steps.append(_after(names, steps[length - 1], steps[length:]))


def _after(names: tuple[str, ...], last: Any, rest: list[Any]) -> Any:
    """What is left when every name was used: the filters of the last, and the steps after it."""
    if last.stages is None and not rest:
        return None
    path = _rest(names, rest)
    path.steps[0].stages = last.stages
    return path


def _rest(names: tuple[str, ...], steps: list[Any]) -> Any:
    origin = Parser.Symbol(None)
    origin.type = ORIGIN
    origin.value = names
    path = Parser.Symbol(None)
    path.type = "path"
    path.steps = [origin, *steps]
    return path


def _is_plain(step: Any) -> bool:
    """Whether a step only reads a name; a filter after it does no harm."""
    extras = (step.predicate, step.group, step.focus, step.index, step.ancestor, step.tuple)
    filters = step.stages is None or all(stage.type == "filter" for stage in step.stages)
    return filters and not step.keep_array and all(extra is None for extra in extras)


def shortcut(tree: Any) -> Shortcut | None:
    """The way to the value of a tree that is a literal, a variable or an origin alone."""
    if tree.predicate or tree.group is not None or tree.keep_array:
        return None
    if tree.type in ("number", "value") or (tree.type == "string" and tree.value.isascii()):
        value = tree.value
        return lambda _scope: value
    if tree.type == "variable":
        return _reader((tree.value,))
    return _reader(tree.value) if tree.type == OUTSIDE and tree.steps[-1] is None else None


def _reader(names: tuple[str, ...]) -> Shortcut | None:
    root, *rest = names
    if root != STATES:
        inner = tuple(rest)
        return lambda scope: walk(scope.variables.get(root, UNDEFINED), inner)
    if not rest:
        return None
    member, below = rest[0], tuple(rest[1:])
    if member == "context":
        return lambda scope: walk(plain(scope.context), below)
    return lambda scope: walk(scope.states.get(member, UNDEFINED), below)


def plain(mapping: Any) -> dict[str, Json]:
    """The mapping as the dict that JSON has for an object."""
    return mapping if isinstance(mapping, dict) else dict(mapping)
