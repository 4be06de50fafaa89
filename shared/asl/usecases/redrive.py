"""redrive: go on with a run that failed, keeping what succeeded."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from asl.language import jsontext
from asl.language.errors import AslError
from asl.language.machine import EXPRESS, Machine
from asl.store.errors import NotRedrivable
from asl.store.machines import ACTIVE
from asl.store.map_runs import MapRunRow
from asl.store.redrives import EVICTED, REDRIVABLE
from asl.store.reopening import Chapter
from asl.store.rows import ExecutionRow, OperationRow, Status
from asl.usecases import lifecycle, views
from asl.usecases.common import Command, Text, check_payload
from asl.usecases.errors import ExecutionNotRedrivable, InvalidInput
from asl.usecases.executions import find_execution
from asl.usecases.invitations import invite_runners, wake_timer
from asl.usecases.queues import queue_limit
from asl.usecases.services import Services
from asl.usecases.transitions import again

TOKEN_MINUTES = 15  # for which a request is known by its token (AWS's)
MOST_EVENTS = 24_999  # of a history that may go on (AWS's limit)


class Redrive(Command, frozen=True, rename={"from_": "from"}):
    """from: the state to go on with; where it failed, if not given. input: of that state.

    version: of the machine; the one it was started with, if not given. With any of the three the
    state is entered anew as a whole; without, branches and iterations that succeeded are kept.
    """

    execution: Text
    from_: Text | None = None
    input: Any | UnsetType = UNSET
    version: Annotated[int, Meta(ge=1)] | None = None


def redrive(command: Redrive, services: Services, token: str | None = None) -> dict[str, Any]:
    """Answers the execution. ExecutionNotRedrivable: it goes on, succeeded, or cannot go on.

    token: names the request, so that it may be made again; see `was_redriven_by`.
    """
    run = find_execution(services, command.execution)
    if was_redriven_by(services, run, token):
        return views.execution_summary(run, services.machine_name(run.state_machine_id))
    refuse_unredrivable(services, run)
    version = command.version or run.version
    chapter = _chapter(services, run, command, _definition(services, run, version), version)
    chapter = dataclasses.replace(chapter, token=token)
    redrives = services.store.redrives
    try:
        row, ready = again(lambda: redrives.redrive(run.id, chapter, services.now()))
    except NotRedrivable as fault:
        run = find_execution(services, command.execution)
        if was_redriven_by(services, run, token):
            return views.execution_summary(run, services.machine_name(run.state_machine_id))
        raise _not_ended(str(fault)) from fault
    lifecycle.redriven(services, row)
    invite_runners(services, ready)
    if row.due_at is not None:
        wake_timer(services, row.due_at)
    return views.execution_summary(row, services.machine_name(row.state_machine_id))


def was_redriven_by(services: Services, run: ExecutionRow, token: str | None) -> bool:
    """Whether the newest redrive of a run is that of a request, not long ago."""
    if token is None or run.redrive_token != token:
        return False
    return services.now() - (run.redriven_at or 0) < TOKEN_MINUTES * 60_000


def refuse_unredrivable(services: Services, run: ExecutionRow) -> None:
    """ExecutionNotRedrivable, with the reason and the way out."""
    if run.root_execution is not None:
        raise ExecutionNotRedrivable(
            f"execution: '{run.id}' is a child of a Map Run; redrive the execution "
            f"'{run.root_execution}', which goes on with the children that failed"
        )
    machine = services.store.machines.find(run.state_machine_id)
    if machine is None or machine.status != ACTIVE:
        raise ExecutionNotRedrivable(
            f"execution: its state machine '{services.machine_name(run.state_machine_id)}' is "
            "being deleted, and starts nothing more"
        )
    if machine.type == EXPRESS:
        raise ExecutionNotRedrivable(
            "execution: an Express execution is written down when it has ended; invoke it again"
        )
    if run.status not in REDRIVABLE:
        raise _not_ended(run.status)
    if run.events >= MOST_EVENTS:
        raise ExecutionNotRedrivable(
            f"execution: its history has {run.events} events and cannot grow; invoke it again"
        )


def _not_ended(status: str) -> ExecutionNotRedrivable:
    if status == Status.SUCCEEDED:
        return ExecutionNotRedrivable("execution: it has Succeeded, which is final; invoke anew")
    if status == EVICTED:
        return ExecutionNotRedrivable("execution: its retention is over, and it is being evicted")
    return ExecutionNotRedrivable(
        f"execution: it is {status}; only one that Failed, TimedOut or was Aborted is redriven"
    )


def _definition(services: Services, run: ExecutionRow, version: int) -> Machine:
    try:
        return services.definitions.machine(run.state_machine_id, version)
    except AslError as gone:
        raise InvalidInput(f"version: the state machine has no version {version}") from gone


def _chapter(
    services: Services, run: ExecutionRow, command: Redrive, machine: Machine, version: int
) -> Chapter:
    def map_run_arn(row: MapRunRow) -> str:
        return services.arns.map_run(services.machine_name(row.state_machine_id), row.label, row.id)

    now = services.now()
    chapter = Chapter(
        version=version,
        due_at=None if machine.timeout is None else now + machine.timeout * 1000,
        map_run_arn=map_run_arn,
        queue_limit=queue_limit(services, run.queue),
    )
    if command.from_ is None and command.input is UNSET and version == run.version:
        return chapter
    return _anew(services, run, command, machine, chapter)


def _anew(
    services: Services, run: ExecutionRow, command: Redrive, machine: Machine, chapter: Chapter
) -> Chapter:
    """A chapter that enters a state anew, with the input it had or another one."""
    newest = services.store.redrives.newest(run.id)
    state = command.from_ or (machine.start_at if newest is None else newest.state)
    _check_state(machine, state, chapter.version)
    entered = services.store.redrives.newest(run.id, state)
    known = entered or newest
    return dataclasses.replace(
        chapter,
        state=state,
        input=_input(services, command, state, entered),
        variables="{}" if known is None else known.variables,
    )


def _check_state(machine: Machine, state: str, version: int) -> None:
    found = machine.states.get(state)
    if found is None:
        raise InvalidInput(f"from: version {version} has no state '{state}'; name one with `from`")
    if found.parent:
        raise InvalidInput(
            f"from: the state '{state}' stands within '{found.parent}'; go on from that one"
        )


def _input(services: Services, command: Redrive, state: str, entered: OperationRow | None) -> str:
    if command.input is not UNSET:
        text = jsontext.dumps(command.input)
        check_payload("input", text, services.settings.max_payload_bytes)
        return text
    if entered is None:
        raise InvalidInput(f"input: the state '{state}' was not reached before; give its input")
    return entered.input
