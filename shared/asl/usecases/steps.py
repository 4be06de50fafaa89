"""steps: what a run has done and is doing, state by state."""

from __future__ import annotations

from typing import Any

from asl.language.machine import Machine
from asl.usecases import views
from asl.usecases.common import DEFAULT_PER_PAGE, Command, PerPage, Text, decode_cursor, page
from asl.usecases.errors import InvalidInput
from asl.usecases.executions import find_execution
from asl.usecases.services import Services


class Steps(Command, frozen=True):
    execution: Text
    per_page: PerPage = DEFAULT_PER_PAGE
    cursor: str | None = None


def steps(command: Steps, services: Services) -> dict[str, Any]:
    """Answers items in the order in which the states were reached, and next_cursor; redacted."""
    run = find_execution(services, command.execution)
    after = decode_cursor(command.cursor) or "0"
    if not after.isdecimal():
        raise InvalidInput("cursor: it must be the next_cursor of the page before")
    executions, place = (
        services.store.executions,
        {"per_page": command.per_page, "after": int(after)},
    )
    if run.root_execution is None:
        rows = executions.operations(run.id, **place)
    else:
        rows = executions.operations_of_child(run, **place)
    machine = services.definitions.machine(run.state_machine_id, run.version)
    items = [views.step(services.redactor.row(row), type_of(machine, row.state)) for row in rows]
    return page(items, command.per_page, str(rows[-1].number) if rows else None)


def type_of(machine: Machine, state: str) -> str | None:
    """The type of a state; a run that was redriven with another version may have had others."""
    found = machine.states.get(state)
    return None if found is None else found.TYPE
