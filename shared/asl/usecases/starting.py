"""Accepting a run, whoever asks for it: an action, the front door, another run."""

from __future__ import annotations

from dataclasses import dataclass

from asl.language.effects import Record
from asl.language.machine import Machine
from asl.store.errors import MachineDeleted, NameTaken
from asl.store.rows import ExecutionRow, Status
from asl.usecases import lifecycle
from asl.usecases.errors import ExecutionAlreadyExists, StateMachineDeleting
from asl.usecases.invitations import invite_runner, wake_timer
from asl.usecases.queues import queue_limit
from asl.usecases.services import Services
from asl.usecases.tracing import new_trace
from asl.usecases.transitions import again


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A run that is asked for. version: of the machine. input: JSON text.

    namespace: the Fn app of its functions. published, alias: the published version and the alias
    it is started through. trace: a traceparent. parent: execution and number of the operation that
    waits for its end. retention_days: of its own, else its machine's hold.
    """

    state_machine_id: str
    version: int
    input: str
    name: str | None = None
    namespace: str = ""
    queue: str = ""
    published: int | None = None
    alias: str | None = None
    trace: str = ""
    parent: tuple[str, int] | None = None
    retention_days: int | None = None


def accept_run(services: Services, order: Order) -> ExecutionRow:
    """Store the run and invite a runner; the name and input of a known run answer that one.

    ExecutionAlreadyExists when the name is that of a run with another input, StateMachineDeleting
    when the machine starts nothing more.
    """
    row, first = store_run(services, order)
    if first is not None:
        set_out(services, row, first)
    return row


def set_out(services: Services, row: ExecutionRow, first: str) -> None:
    """Have a stored run moved on from its first operation, and timed out in time."""
    invite_runner(services, first)
    if row.due_at is not None:
        wake_timer(services, row.due_at)


def store_run(services: Services, order: Order) -> tuple[ExecutionRow, str | None]:
    """Store the run; its first operation, or None when the name is that of a run we have, or when
    it is not its turn yet.
    """
    definition = services.definitions.machine(order.state_machine_id, order.version)
    row = new_run(services, order, definition)
    executions = services.store.executions
    started = Record(1, 0, "ExecutionStarted", row.created_at)
    try:
        limit = queue_limit(services, row.queue)
        first = again(lambda: executions.start(row, definition.start_at, started, limit))
        lifecycle.accepted(services, row)
        return row, first
    except NameTaken as taken:
        known = executions.find_by_name(row.state_machine_id, row.name)
        if known is None or known.input != row.input:
            raise ExecutionAlreadyExists(
                f"name: there is an execution '{row.name}' already, with another input"
            ) from taken
        return known, None
    except MachineDeleted as deleted:
        raise StateMachineDeleting("state_machine: it is being deleted") from deleted


def new_run(services: Services, order: Order, definition: Machine) -> ExecutionRow:
    """The row of a run that is about to start; its name is its id where none was given."""
    now, id_ = services.now(), services.new_id()
    execution, operation = order.parent or (None, None)
    return ExecutionRow(
        id=id_, state_machine_id=order.state_machine_id, version=order.version,
        name=order.name or id_, namespace=order.namespace, queue=order.queue,
        status=Status.PENDING, input=order.input, output=None, error=None, cause=None,
        retention_days=order.retention_days, trace=order.trace or new_trace(services.random),
        events=0, operations=0, created_at=now, started_at=None, ended_at=None,
        due_at=None if definition.timeout is None else now + definition.timeout * 1000,
        parent_execution=execution, parent_operation=operation,
        published=order.published, alias=order.alias,
    )  # fmt: skip
