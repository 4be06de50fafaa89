"""Numbers of a definition that may stand there as a literal, a path or an expression."""

from __future__ import annotations

from dataclasses import dataclass

from asl.language import jsontext
from asl.language.dataflow import JSONATA, NOTHING, parse_query, read_path
from asl.language.errors import StateError, runtime_fault
from asl.language.fields import LARGEST_INTEGER, Fields
from asl.language.jsonata import expect, is_expression
from asl.language.jsonata_template import QueryTemplate
from asl.language.paths import Path
from asl.language.scope import Json, Scope


@dataclass(frozen=True, slots=True)
class Quantity:
    """A whole number: `value` as written, or where to read it from at run time."""

    name: str
    value: int | None = None
    path: Path | None = None
    query: QueryTemplate | None = None
    minimum: int = 0

    def read(self, scope: Scope) -> int:
        """The number; StateError where the data at its place is none [asl.md 5.4, 3.5]."""
        if self.value is not None:
            return self.value
        if self.path is not None:
            return self._from_path(self.path, read_path(self.path, scope))
        if self.query is None:
            raise TypeError(f"{self.name} has no source")
        value = expect(self.query.render(scope, self.name), self.name, self.query, "number")
        if value < self.minimum or int(value) != value:
            raise StateError(
                "States.QueryEvaluationError",
                f"The {self.name} field must be an integer of at least {self.minimum}, "
                f"but was {jsontext.compact(value)}",
                prefixed=True,
                location=self.name,
            )
        return int(value)

    def _from_path(self, path: Path, value: Json) -> int:
        if isinstance(value, str) and value.lstrip("-").isdecimal():
            value = int(value)  # AWS casts numeric strings [asl.md 1.13]
        if not isinstance(value, int) or isinstance(value, bool):
            shown = value if isinstance(value, str) else jsontext.compact(value)
            raise runtime_fault(
                f'The {self.name}Path field refers to value "{shown}" '
                f"which is not a valid integer: {path.text}"
            )
        if value < self.minimum:
            reason = "cannot be negative" if self.minimum == 0 else "must be positive"
            raise runtime_fault(f"{self.name} {reason}.")
        return value


def parse_quantity(
    fields: Fields, name: str, language: str, *, minimum: int = 0, maximum: int = LARGEST_INTEGER
) -> Quantity | None:
    """Read `name` (literal, or expression in a JSONata state) or `namePath`; not both."""
    path_name = f"{name}Path"
    if language == JSONATA:
        fields.refuse([path_name], "in a state whose QueryLanguage is 'JSONata'")
        if isinstance(text := fields.value.get(name), str) and is_expression(text):
            query = parse_query(fields, name, NOTHING)
            return None if query is None else Quantity(name, query=query, minimum=minimum)
    fields.exclusive(name, path_name)
    if path_name in fields:
        path = fields.path(path_name, reference=True)
        return None if path is None else Quantity(name, path=path, minimum=minimum)
    value = fields.integer(name, minimum=minimum, maximum=maximum)
    return None if value is None else Quantity(name, value=value, minimum=minimum)
