"""invoke: accept a run, once by name, and set it going."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from asl.language import jsontext
from asl.language.effects import Record
from asl.language.machine import Machine
from asl.store.errors import NameTaken
from asl.store.machines import ACTIVE
from asl.store.rows import ENDED, ExecutionRow, Status
from asl.store.tables import StateMachine
from asl.usecases import views
from asl.usecases.common import Command, Text, check_name, check_payload, find_machine
from asl.usecases.errors import ExecutionAlreadyExists, StateMachineDeleting
from asl.usecases.invitations import invite_runner
from asl.usecases.services import Services

Seconds = Annotated[float, Meta(ge=0, le=300)]
FIRST_POLL, LONGEST_POLL = 0.01, 0.25  # seconds between looks at a run that is waited for
ANSWER_MARGIN = 1.0  # seconds of the deadline kept for the answer


class Invoke(Command, frozen=True):
    """input: any JSON, default {}. name: the same name and input answer the same run.

    wait: seconds to wait for the end, bounded by the function's deadline.
    """

    state_machine: Text
    input: Any | UnsetType = UNSET
    name: str | None = None
    namespace: str = ""
    queue: str = ""
    wait: Seconds = 0


def invoke(command: Invoke, services: Services, deadline: int) -> dict[str, Any]:
    """Answers the execution; with its outcome once it has ended."""
    for field in ("name", "namespace", "queue"):
        if value := getattr(command, field):
            check_name(field, value)
    text = "{}" if command.input is UNSET else jsontext.dumps(command.input)
    check_payload("input", text, services.settings.max_payload_bytes)
    machine, version = find_machine(services.store, command.state_machine)
    if machine.status != ACTIVE:
        raise StateMachineDeleting(f"state_machine: '{machine.name}' is being deleted")
    definition = services.definitions.machine(machine.id, version)
    row = _new_run(command, services, machine, version, text, definition)
    row = _start(services, row, definition)
    if command.wait and row.status not in ENDED:
        row = _await_end(services, row, command.wait, deadline)
    return views.execution_summary(row, machine.name)


def _new_run(
    command: Invoke,
    services: Services,
    machine: StateMachine,
    version: int,
    text: str,
    definition: Machine,
) -> ExecutionRow:
    now = services.now()
    id_ = services.new_id()
    return ExecutionRow(
        id=id_, state_machine_id=machine.id, version=version, name=command.name or id_,
        namespace=command.namespace, queue=command.queue, status=Status.PENDING, input=text,
        output=None, error=None, cause=None, retention_days=None, trace="", events=0,
        operations=0, created_at=now, started_at=None, ended_at=None,
        due_at=None if definition.timeout is None else now + definition.timeout * 1000,
    )  # fmt: skip


def _start(services: Services, row: ExecutionRow, definition: Machine) -> ExecutionRow:
    """Accept the run and invite a runner; a known name answers the run it has."""
    started = Record(1, 0, "ExecutionStarted", row.created_at)
    executions = services.store.executions
    try:
        first = executions.start(row, definition.start_at, started)
    except NameTaken as taken:
        known = executions.find_by_name(row.state_machine_id, row.name)
        if known is None or known.input != row.input:
            raise ExecutionAlreadyExists(
                f"name: there is an execution '{row.name}' already, with another input"
            ) from taken
        return known
    invite_runner(services, first)
    return row


def _await_end(
    services: Services, row: ExecutionRow, seconds: float, deadline: int
) -> ExecutionRow:
    until = min(services.now() + round(seconds * 1000), deadline - round(ANSWER_MARGIN * 1000))
    pause = FIRST_POLL
    while services.now() < until:
        if services.store.executions.status(row.id) in ENDED:
            break
        services.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL)
    return services.store.executions.find(row.id) or row
