"""Which state is tested: one that is given alone, or one of a whole machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from asl.aws import errors
from asl.language import jsontext
from asl.language.errors import DefinitionError
from asl.language.machine import Machine, parse_machine
from asl.language.states.state import State

ALONE = "StateName"
"""What AWS calls a state in the context object, whatever its name is (recorded)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """definition: of the state, as it was written."""

    state: State
    definition: dict[str, Any]

    @property
    def type(self) -> str:
        return self.state.TYPE

    def holds(self, name: str) -> bool:
        """Whether a state of this name stands within it, however deep."""
        return _search(self.definition, name) is not None


def read_subject(text: str, name: str | None, variables: Collection[str]) -> Subject:
    """The state to test; InvalidDefinition, or ValidationException when it is not there.

    name: of a state in the machine that `text` defines; None: `text` is the state. variables:
    names that are there from the start.
    """
    if name is None:
        return _alone(text, variables)
    machine = _parse(text, variables)
    if name not in machine.states:
        raise errors.validation("State not found in definition")
    return Subject(machine.state(name), _find(jsontext.loads(text), name))


def _alone(text: str, variables: Collection[str]) -> Subject:
    """A machine is made around the state; where it goes on to is there, and empty."""
    state = _read(text)
    states = {ALONE: state} | {
        target: {"Type": "Succeed"} for target in _targets(state) if target != ALONE
    }
    definition = jsontext.dumps({"StartAt": ALONE, "States": states})
    return Subject(_parse(definition, variables, f"/States/{ALONE}").state(ALONE), state)


def _read(text: str) -> dict[str, Any]:
    try:
        state = jsontext.loads(text)
    except jsontext.InvalidJson:
        state = None
    if not isinstance(state, dict):
        _parse(text, ())  # says what is wrong with it
        raise TypeError("a text that is no object was taken for a definition")
    return state


def _parse(text: str, variables: Collection[str], within: str = "") -> Machine:
    try:
        return parse_machine(text, services=None, variables=variables)
    except DefinitionError as fault:
        diagnostics = [
            replace(diagnostic, location=diagnostic.location.removeprefix(within) or "/")
            for diagnostic in fault.diagnostics
        ]
        raise errors.invalid_definition(diagnostics) from fault


def _targets(state: dict[str, Any]) -> Iterator[str]:
    """The names of all states that a state may go to."""
    transitions = [state]
    for field in ("Catch", "Choices"):
        if isinstance(entries := state.get(field), list):
            transitions.extend(entry for entry in entries if isinstance(entry, dict))
    for transition in transitions:
        for field in ("Next", "Default"):
            if isinstance(target := transition.get(field), str) and target:
                yield target


def _find(machine: Any, name: str) -> dict[str, Any]:
    """A state's definition, wherever in the machine it stands."""
    found = _search(machine, name)
    if found is None:
        raise errors.validation("State not found in definition")
    return found


def _search(value: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The state of a name in a machine, or in those within a machine or a state."""
    values = [value]
    while values:
        inner = values.pop()
        states: dict[str, dict[str, Any]] = inner.get("States", {})
        if name in states:
            return states[name]
        values.extend(states.values())
        values.extend(inner.get("Branches", ()))
        values.extend(inner[field] for field in ("ItemProcessor", "Iterator") if field in inner)
    return None
