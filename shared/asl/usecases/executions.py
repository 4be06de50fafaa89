"""executions: the runs, newest first; or one of them whole."""

from __future__ import annotations

from typing import Any, Literal

from asl.store.rows import ExecutionRow
from asl.usecases import views
from asl.usecases.common import (
    DEFAULT_PER_PAGE,
    Command,
    PerPage,
    Text,
    decode_cursor,
    find_machine,
    page,
)
from asl.usecases.errors import ExecutionDoesNotExist
from asl.usecases.services import Services

Statuses = Literal["Pending", "Executing", "Succeeded", "Failed", "TimedOut", "Aborted"]


class Executions(Command, frozen=True):
    execution: Text | None = None
    state_machine: Text | None = None
    status: Statuses | None = None
    per_page: PerPage = DEFAULT_PER_PAGE
    cursor: str | None = None


def executions(command: Executions, services: Services) -> dict[str, Any]:
    """Answers items and next_cursor; with `execution`, that one with its input. All redacted."""
    store = services.store
    if command.execution is not None:
        row = services.redactor.row(find_execution(services, command.execution))
        return views.execution_whole(row, store.machines.name(row.state_machine_id))
    machine_id = None
    if command.state_machine is not None:
        machine_id = find_machine(store, command.state_machine)[0].id
    rows = store.executions.page(
        per_page=command.per_page,
        before=decode_cursor(command.cursor),
        state_machine_id=machine_id,
        status=command.status,
    )
    names = store.machines.names({row.state_machine_id for row in rows})
    items = [
        views.execution_summary(services.redactor.row(row), names.get(row.state_machine_id))
        for row in rows
    ]
    return page(items, command.per_page, rows[-1].id if rows else None)


def find_execution(services: Services, execution_id: str) -> ExecutionRow:
    row = services.store.executions.find(execution_id)
    if row is None:
        raise ExecutionDoesNotExist(
            f"execution: there is no execution '{execution_id}'; it may have been evicted"
        )
    return row
