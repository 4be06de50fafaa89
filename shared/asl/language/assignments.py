"""`Assign`: new values for workflow variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from asl.language.document import Document
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.template import Template
from asl.language.limits import VARIABLES_LIMIT, check_size
from asl.language.scope import Json, Scope
from asl.language.visit import Visit


class Assignments(Protocol):
    """An `Assign` block: new values by variable name."""

    def render(self, scope: Scope) -> dict[str, Json]: ...


@dataclass(frozen=True, slots=True)
class TemplateAssignments:
    """Assign in a JSONPath state."""

    template: Template

    def render(self, scope: Scope) -> dict[str, Json]:
        values: dict[str, Json] = self.template.render(scope)
        return values


@dataclass(frozen=True, slots=True)
class QueryAssignments:
    """Assign in a JSONata state. within: where in the state, such as `Catch[0]/`."""

    template: QueryTemplate
    within: str = ""

    def render(self, scope: Scope) -> dict[str, Json]:
        values: dict[str, Json] = self.template.render(scope, f"{self.within}Assign")
        return values


def assigned(visit: Visit, assign: Assignments | None, scope: Scope) -> Document:
    """The variables after an Assign: every right side sees the old values.

    What was assigned is noted in the visit, for the StateExited event.
    """
    if assign is None:
        return visit.token.variables
    values = assign.render(scope)
    if not values:
        return visit.token.variables
    check_size(visit.token.state, Document(values))
    variables = Document({**visit.variables, **values})
    check_size(visit.token.state, variables, VARIABLES_LIMIT)
    visit.assigned = values
    return variables
