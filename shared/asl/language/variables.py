"""Workflow variables before a run: who reads which, who assigns which, and whether they may.

An inner scope (a branch, an iteration) reads what outer scopes assign; it may not assign the same
names. States of a Distributed Map run elsewhere and see none of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from asl.language.fields import Faults, Names

LONGEST_NAME = 80
RESERVED = "states"


@dataclass(slots=True)
class VariableScope:
    """One level of states. isolated: of a Distributed Map, whose children see no outer variables.

    states: by state name, whether it is written in JSONPath, its place and the variables it uses.
    """

    outer: VariableScope | None = None
    isolated: bool = False
    states: dict[str, tuple[bool, str, Names]] = field(default_factory=dict)

    @property
    def assigned(self) -> frozenset[str]:
        return frozenset(name for *_, names in self.states.values() for name in names.assigned)

    def outwards(self) -> Iterator[VariableScope]:
        """The scopes around this one, the nearest first."""
        scope = self.outer
        while scope is not None:
            yield scope
            scope = scope.outer


def check_name(name: str) -> tuple[str, str] | None:
    """Code and message of what is wrong with a variable's name, if anything is."""
    if name == RESERVED:
        return "RESERVED_VARIABLE_NAME", "Cannot assign to reserved variable '$states'."
    invalid = f"Invalid variable name '{name}': the variable name"
    if len(name) > LONGEST_NAME:
        return "INVALID_VARIABLE_NAME", f"{invalid} is longer than {LONGEST_NAME} characters."
    if not name.isidentifier() or name.startswith("_"):
        return "INVALID_VARIABLE_NAME", f"{invalid} contains invalid characters."
    return None


def check_scopes(scopes: Collection[VariableScope], given: Collection[str], faults: Faults) -> None:
    """Report assignments to names of outer scopes, and JSONPath that reads what is never assigned.

    given: variables that exist from the start. What a JSONata expression reads is not checked:
    it may bind its own names, and AWS reports an undefined one at run time (recorded).
    """
    for scope in scopes:
        outer = frozenset().union(*(around.assigned for around in scope.outwards()))
        known = scope.assigned | outer | frozenset(given)
        taken = frozenset() if scope.isolated else outer
        for jsonpath, location, names in scope.states.values():
            for name in sorted(taken & names.assigned.keys()):
                faults.report(
                    f"The variable '${name}' is assigned in an outer scope and cannot be "
                    "assigned here",
                    names.assigned[name],
                )
            for name in sorted(names.read - known) if jsonpath else ():
                faults.report(f"The variable '${name}' is never assigned", location)
