"""ToleratedFailurePercentage: a number from 0 to 100, literal or from the data."""

from __future__ import annotations

from dataclasses import dataclass

from asl.language import jsontext
from asl.language.dataflow import JSONATA, JSONPATH, NOTHING, parse_query, read_path
from asl.language.errors import QUERY_EVALUATION_ERROR, StateError, runtime_fault
from asl.language.fields import Fields
from asl.language.jsonata.expression import expect, is_expression
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.paths import Path
from asl.language.scope import Json, Scope


@dataclass(frozen=True, slots=True)
class Percentage:
    """`value` as written, or where to read it from at run time."""

    name: str
    value: float | None = None
    path: Path | None = None
    query: QueryTemplate | None = None

    def read(self, scope: Scope) -> float:
        """The number; StateError where the data at its place is none.

        scope: `$` is the state's effective input.
        """
        if self.path is not None:
            return self._from_path(self.path, read_path(self.path, scope))
        if self.query is not None:
            return self._from_query(self.query, scope)
        return self.value or 0.0

    def _from_path(self, path: Path, value: Json) -> float:
        number = _as_float(value)
        if number is None:
            shown = value if isinstance(value, str) else jsontext.compact(value)
            raise runtime_fault(
                f'The {self.name}Path field refers to value "{shown}" '
                f"which is not a valid float: {path.text}"
            )
        if not 0 <= number <= 100:
            raise runtime_fault(f"{self.name} must be between 0 and 100.")
        return number

    def _from_query(self, query: QueryTemplate, scope: Scope) -> float:
        value = expect(query.render(scope, self.name), self.name, query, "number")
        if not 0 <= value <= 100:
            raise StateError(
                QUERY_EVALUATION_ERROR,
                f"The {self.name} field must be a number from 0 to 100, "
                f"but was {jsontext.compact(value)}",
                prefixed=True,
                location=self.name,
            )
        return float(value)


def _as_float(value: Json) -> float | None:
    """A number as it is, or in a string, as with the integers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = jsontext.loads(value)
        except jsontext.InvalidJson:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def parse_percentage(fields: Fields, name: str, language: str) -> Percentage | None:
    """Read `name` (literal, or expression in a JSONata state) or `namePath`; not both."""
    path_name = f"{name}Path"
    if language == JSONATA:
        fields.refuse_other_language([path_name], JSONATA, JSONPATH)
        if isinstance(text := fields.value.get(name), str) and is_expression(text):
            query = parse_query(fields, name, NOTHING)
            return None if query is None else Percentage(name, query=query)
    fields.exclusive(name, path_name)
    value = fields.number(name, minimum=0, maximum=100)
    if language == JSONPATH and path_name in fields:
        path = fields.path(path_name, reference=True)
        return None if path is None else Percentage(name, path=path)
    return None if value is None else Percentage(name, value)
