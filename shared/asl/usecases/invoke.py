"""invoke: accept a run, once by name, and set it going."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from asl.language import jsontext
from asl.language.machine import EXPRESS
from asl.store.errors import NameTaken
from asl.store.machines import ACTIVE
from asl.store.rows import ENDED, ExecutionRow, operation_id
from asl.usecases import lifecycle, views
from asl.usecases.advance import Runner
from asl.usecases.common import (
    Command,
    RetentionDays,
    Text,
    check_name,
    check_payload,
    find_machine,
)
from asl.usecases.errors import ExecutionAlreadyExists, InvalidInput, StateMachineDeleting
from asl.usecases.express import run_express
from asl.usecases.invitations import reserve_slot
from asl.usecases.queues import queue_limit
from asl.usecases.services import Services
from asl.usecases.starting import Order, new_run, set_out, store_run

Seconds = Annotated[float, Meta(ge=0, le=300)]
FIRST_POLL, LONGEST_POLL = 0.01, 0.25  # seconds between looks at a run that is waited for
PATIENCE_SECONDS = 2  # how long a caller without a runner's slot is kept waiting
ANSWER_MARGIN = 1.0  # seconds of the deadline kept for the answer


class Invoke(Command, frozen=True):
    """input: any JSON, default {}. name: the same name and input answer the same run.

    wait: seconds to wait for the end, bounded by the function's deadline. retention_days: how long
    the run is kept after its end; default is the state machine's.
    """

    state_machine: Text
    input: Any | UnsetType = UNSET
    name: str | None = None
    namespace: str = ""
    queue: str = ""
    wait: Seconds = 0
    retention_days: RetentionDays | None = None


def invoke(command: Invoke, services: Services, deadline: int, trace: str = "") -> dict[str, Any]:
    """Answers the execution; with its outcome once it has ended. trace: a traceparent, or none."""
    for field in ("name", "namespace", "queue"):
        if value := getattr(command, field):
            check_name(field, value)
    text = "{}" if command.input is UNSET else jsontext.dumps(command.input)
    check_payload("input", text, services.settings.max_payload_bytes)
    machine, version = find_machine(services.store, command.state_machine)
    if machine.status != ACTIVE:
        raise StateMachineDeleting(f"state_machine: '{machine.name}' is being deleted")
    order = Order(
        state_machine_id=machine.id,
        version=version,
        input=text,
        name=command.name,
        namespace=command.namespace,
        queue=command.queue,
        retention_days=command.retention_days,
        trace=trace,
    )
    if machine.type == EXPRESS and command.wait:
        if queue_limit(services, command.queue) is not None:
            raise InvalidInput(
                "queue: an Express execution that is waited for runs at once; leave out `wait`, or "
                f"the queue '{command.queue}', which has a limit"
            )
        row = _run_express(services, order, _until(services, command.wait, deadline))
        return views.execution_summary(row, machine.name)
    row, first = store_run(services, order)
    if command.wait and row.status not in ENDED:
        row = _await_end(services, row, command.wait, deadline)
    elif first is not None:
        set_out(services, row, first)
    return views.execution_summary(row, machine.name)


def _run_express(services: Services, order: Order, until: int) -> ExecutionRow:
    definition = services.definitions.machine(order.state_machine_id, order.version)
    whole = run_express(services, definition, new_run(services, order, definition), until)
    try:
        services.store.whole_runs.record(whole)
    except NameTaken as taken:
        raise ExecutionAlreadyExists(
            f"name: there is an execution '{order.name}' already"
        ) from taken
    lifecycle.accepted(services, whole.execution)
    lifecycle.run_whole(services, whole)
    return whole.execution


def _await_end(
    services: Services, row: ExecutionRow, seconds: float, deadline: int
) -> ExecutionRow:
    """Wait for the end of a run, as one of its runners.

    A caller that waits holds a container. Were it to wait for another one to do the work, enough
    of them would hold all containers and wait for ever. So it takes a runner's slot and does what
    is ready itself; while all slots are taken it waits for one no longer than a moment.
    """
    first = operation_id(row.id, 1)
    until = _until(services, seconds, deadline)
    patience = min(until, services.now() + PATIENCE_SECONDS * 1000)
    pause = FIRST_POLL
    while services.store.executions.status(row.id) not in ENDED and services.now() < patience:
        if reserve_slot(services, first):
            patience = until
            Runner(services, deadline, stays_until=until).run(first)
        services.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL)
    return services.store.executions.find(row.id) or row


def _until(services: Services, seconds: float, deadline: int) -> int:
    """When a wait is over: after so many seconds, or when the answer has to be given."""
    return min(services.now() + round(seconds * 1000), deadline - round(ANSWER_MARGIN * 1000))
