"""stop: end a run and everything in it, for a reason that is kept."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from asl.store.claims import json_or_none
from asl.store.executions import Ending
from asl.store.rows import Status
from asl.usecases import views
from asl.usecases.children import end_run
from asl.usecases.common import Command, Text
from asl.usecases.executions import find_execution
from asl.usecases.services import Services

ErrorName = Annotated[str, Meta(max_length=256)]
CauseText = Annotated[str, Meta(max_length=32_768)]


class Stop(Command, frozen=True):
    execution: Text
    error: ErrorName | None = None
    cause: CauseText | None = None


def stop(command: Stop, services: Services) -> dict[str, Any]:
    """Answers the execution. One that has ended already keeps the end it had."""
    run = find_execution(services, command.execution)
    ending = Ending(
        Status.ABORTED,
        json_or_none(command.error),
        json_or_none(command.cause),
        "ExecutionAborted",
        views.present({"error": command.error, "cause": command.cause}),
    )
    row = services.redactor.row(end_run(services, run.id, ending, services.now()) or run)
    return views.execution_summary(row, services.store.machines.name(row.state_machine_id))
