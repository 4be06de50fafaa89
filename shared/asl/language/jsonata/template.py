"""Fields of a JSONata state: JSON whose strings may be expressions, at any depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from asl.language import jsontext
from asl.language.errors import Diagnostic, QueryError
from asl.language.jsonata.expression import CLOSING, NOTHING, OPENING, Expression
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

        Raises QueryError for all strings that are no sound expressions, each with its location.
        """
        found: list[Expression] = []
        faults: list[Diagnostic] = []
        render = _compiled(value, location, _Reader(available, found, faults))
        if faults:
            raise QueryError(faults)
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


@dataclass(frozen=True, slots=True)
class _Reader:
    """What the expressions of one field have in common: what they may read, what was found."""

    available: frozenset[str]
    found: list[Expression]
    faults: list[Diagnostic]

    def read(self, text: str, place: str) -> Expression | None:
        try:
            expression = Expression.parse(text, self.available)
        except QueryError as error:
            self.faults.extend(replace(fault, location=place) for fault in error.faults)
            return None
        self.found.append(expression)
        return expression


def _compiled(value: Json, place: str, reader: _Reader) -> _Render:
    before = len(reader.found)
    if isinstance(value, str):
        return _compiled_text(value, place, reader)
    if isinstance(value, dict):
        members = {name: _compiled(item, f"{place}/{name}", reader) for name, item in value.items()}
        return _object(members) if len(reader.found) > before else _constant(value)
    if isinstance(value, list):
        items = [_compiled(item, f"{place}[{i}]", reader) for i, item in enumerate(value)]
        return _array(items) if len(reader.found) > before else _constant(value)
    return _constant(value)


def _compiled_text(text: str, place: str, reader: _Reader) -> _Render:
    if not (text.startswith(OPENING) or text.endswith(CLOSING)):
        return _constant(text)
    expression = reader.read(text, place)
    return _constant(text) if expression is None else expression.evaluate


def _constant(value: Json) -> _Render:
    return lambda _scope, _field: value


def _object(members: dict[str, _Render]) -> _Render:
    parts = tuple(members.items())
    return lambda scope, field: {name: render(scope, f"{field}/{name}") for name, render in parts}


def _array(items: list[_Render]) -> _Render:
    return lambda scope, field: [
        render(scope, f"{field}[{index}]") for index, render in enumerate(items)
    ]
