"""Numbers of a definition that may stand there as a literal, a path or an expression."""

from __future__ import annotations

from dataclasses import dataclass

from asl.language import jsontext
from asl.language.dataflow import JSONATA, JSONPATH, NOTHING, parse_query, read_path
from asl.language.errors import QUERY_EVALUATION_ERROR, StateError, runtime_fault
from asl.language.fields import LARGEST_INTEGER, Fields
from asl.language.jsonata.expression import expect, is_expression
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.paths import Path
from asl.language.scope import Json, Scope


@dataclass(frozen=True, slots=True)
class Quantity:
    """A whole number: `value` as written, or where to read it from at run time."""

    name: str
    value: int | None = None
    path: Path | None = None
    query: QueryTemplate | None = None
    minimum: int = 0
    maximum: int = LARGEST_INTEGER

    def read(self, scope: Scope) -> int:
        """The number; StateError where the data at its place is none.

        scope: `$` is the state's effective input.
        """
        if self.value is not None:
            return self.value
        if self.path is not None:
            return self._from_path(self.path, read_path(self.path, scope))
        if self.query is None:
            raise TypeError(f"{self.name} has no source")
        return self._from_query(self.query, scope)

    def _from_query(self, query: QueryTemplate, scope: Scope) -> int:
        value = expect(query.render(scope, self.name), self.name, query, "number")
        if not self.minimum <= value <= self.maximum or int(value) != value:
            raise StateError(
                QUERY_EVALUATION_ERROR,
                f"The {self.name} field must be an integer from {self.minimum} to {self.maximum}, "
                f"but was {jsontext.compact(value)}",
                prefixed=True,
                location=self.name,
            )
        return int(value)

    def _from_path(self, path: Path, value: Json) -> int:
        number = _as_integer(value)
        if number is None:
            shown = value if isinstance(value, str) else jsontext.compact(value)
            raise runtime_fault(
                f'The {self.name}Path field refers to value "{shown}" '
                f"which is not a valid integer: {path.text}"
            )
        if number < self.minimum:
            reason = "cannot be negative" if self.minimum == 0 else "must be positive"
            raise runtime_fault(f"{self.name} {reason}.")
        if number > self.maximum:
            raise runtime_fault(f"{self.name} cannot be greater than {self.maximum}.")
        return number


def _as_integer(value: Json) -> int | None:
    """An integer as it is, or in a string, which AWS casts."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdecimal():
        return int(value) if len(value) < 20 else None  # digits of 64 bits
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return None


def parse_quantity(
    fields: Fields, name: str, language: str, *, minimum: int = 0, maximum: int = LARGEST_INTEGER
) -> Quantity | None:
    """Read `name` (literal, or expression in a JSONata state) or `namePath`; not both."""
    path_name = f"{name}Path"
    if language == JSONATA:
        fields.refuse_other_language([path_name], JSONATA, JSONPATH)
        if isinstance(text := fields.value.get(name), str) and is_expression(text):
            query = parse_query(fields, name, NOTHING)
            return None if query is None else Quantity(name, None, None, query, minimum, maximum)
    fields.exclusive(name, path_name)
    value = fields.integer(name, minimum=minimum, maximum=maximum)
    if language == JSONPATH and path_name in fields:
        path = fields.path(path_name, reference=True)
        return None if path is None else Quantity(name, None, path, None, minimum, maximum)
    return None if value is None else Quantity(name, value, None, None, minimum, maximum)
