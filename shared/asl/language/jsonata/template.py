"""Fields of a JSONata state: JSON whose strings may be expressions, at any depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from asl.language import jsontext
from asl.language.errors import ExpressionError
from asl.language.jsonata.expression import CLOSING, NOTHING, OPENING, Expression, is_expression
from asl.language.scope import Json, Scope

_Render = Callable[[Scope, str], Json]


@dataclass(frozen=True, slots=True)
class QueryTemplate:
    """A parsed field. `expression` where the whole of it is one.

    text: what an error names as the expression: its bare text, or the JSON of the field.
    """

    text: str
    expression: Expression | None
    variables: frozenset[str]
    _render: _Render

    @classmethod
    def parse(cls, value: Json, location: str, available: frozenset[str] = NOTHING) -> Self:
        """Read any JSON value; `available` as in Expression.parse.

        Raises ExpressionError for the first string that is no sound expression; its place below
        `location` is named where it is not the field itself.
        """
        found: list[Expression] = []
        render = _compiled(value, location, location, available, found)
        whole = found[0] if isinstance(value, str) and found else None
        return cls(
            text=jsontext.compact(value) if whole is None else whole.text,
            expression=whole,
            variables=frozenset().union(*(part.variables for part in found)),
            _render=render,
        )

    def render(self, scope: Scope, field: str) -> Json:
        """The value with every expression replaced by its result.

        field: the field's name, for example `Output`; an error names the place in it, for example
        `Output/items[0]/id`. Raises StateError States.QueryEvaluationError.
        """
        return self._render(scope, field)


def _compiled(
    value: Json, place: str, root: str, available: frozenset[str], found: list[Expression]
) -> _Render:
    if isinstance(value, str):
        return _compiled_text(value, place, root, available, found)
    if isinstance(value, dict):
        before = len(found)
        members = {
            name: _compiled(item, f"{place}/{name}", root, available, found)
            for name, item in value.items()
        }
        return _object(members) if len(found) > before else _constant(value)
    if isinstance(value, list):
        before = len(found)
        items = [
            _compiled(item, f"{place}[{index}]", root, available, found)
            for index, item in enumerate(value)
        ]
        return _array(items) if len(found) > before else _constant(value)
    return _constant(value)


def _compiled_text(
    text: str, place: str, root: str, available: frozenset[str], found: list[Expression]
) -> _Render:
    if not is_expression(text):
        if text.startswith(OPENING) or text.endswith(CLOSING):
            raise ExpressionError(
                f"A JSONata expression must start with '{OPENING}' and end with '{CLOSING}'"
                + _at(place, root)
            )
        return _constant(text)
    try:
        expression = Expression.parse(text, available)
    except ExpressionError as fault:
        raise ExpressionError(f"{fault}{_at(place, root)}") from fault
    found.append(expression)
    return expression.evaluate


def _at(place: str, root: str) -> str:
    return "" if place == root else f" at {place}"


def _constant(value: Json) -> _Render:
    return lambda _scope, _field: value


def _object(members: dict[str, _Render]) -> _Render:
    parts = tuple(members.items())
    return lambda scope, field: {name: render(scope, f"{field}/{name}") for name, render in parts}


def _array(items: list[_Render]) -> _Render:
    return lambda scope, field: [
        render(scope, f"{field}[{index}]") for index, render in enumerate(items)
    ]
