"""Child executions: a Task starts a run, and may wait for its end (`.sync`, `.sync:2`).

The child knows who waits for it; when it has ended it makes that operation due, and whoever claims
it reads the end from the child's own row. Should that message be lost, the operation looks by
itself from time to time.
"""

from __future__ import annotations

import uuid

from asl.language import jsontext
from asl.language.document import Document
from asl.language.errors import TASK_FAILED
from asl.language.events import Raised, Returned
from asl.language.resources import Pattern
from asl.language.scope import Json
from asl.remote.http_metadata import start_execution_answer
from asl.store.claims import text_or_none
from asl.store.errors import ParentEnded
from asl.store.executions import Ending
from asl.store.rows import ENDED, ExecutionRow, OperationRow, Status
from asl.usecases import lifecycle
from asl.usecases.common import check_name
from asl.usecases.errors import Refusal
from asl.usecases.invitations import invite_runner
from asl.usecases.queues import admit_next
from asl.usecases.services import Services
from asl.usecases.starting import Order, accept_run
from asl.usecases.targets import find_to_start
from asl.usecases.tracing import traceparent_of
from asl.usecases.transitions import again

LOOK_SECONDS = 30  # how often a waiting operation looks at its child, though nobody woke it
PARENT_ENDED = Ending(
    Status.ABORTED,
    jsontext.dumps("States.ParentEnded"),
    jsontext.dumps("the Task that waited for this execution has ended"),
    "ExecutionAborted",
    {"error": "States.ParentEnded"},
)
STATUSES = {
    Status.SUCCEEDED: "SUCCEEDED",
    Status.FAILED: "FAILED",
    Status.TIMED_OUT: "TIMED_OUT",
    Status.ABORTED: "ABORTED",
}


def start_child(
    services: Services, row: OperationRow, parameters: Json, pattern: Pattern
) -> tuple[ExecutionRow, Document] | Raised:
    """Start the run that a Task asks for: it, and what startExecution answers; or why not.

    Asked again for the same attempt it answers the same run: its name is made from the attempt's.
    """
    try:
        order = _order(services, row, parameters, pattern)
        child = accept_run(services, order)
    except Refusal as refusal:
        return Raised(f"StepFunctions.{refusal.name}Exception", str(refusal))
    except ParentEnded:
        return Raised(TASK_FAILED, "its Task has ended")  # so nobody reads this
    machine = services.machine_name(child.state_machine_id)
    arn = services.arns.execution(machine, child.name)
    return child, Document(start_execution_answer(child.id, arn, child.created_at))


def _order(services: Services, row: OperationRow, parameters: Json, pattern: Pattern) -> Order:
    target = find_to_start(services, parameters["StateMachineArn"])
    name = parameters.get("Name")
    if name is None:
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{row.id}.{row.attempt}"))
    check_name("Name", name)
    given = parameters.get("Input")
    waits = pattern in (Pattern.SYNC, Pattern.SYNC_2)
    run = services.store.executions.find(row.execution_id)
    return Order(
        state_machine_id=target.machine.id,
        version=target.version,
        published=target.published_number,
        alias=target.alias_name,
        input="{}" if given is None else jsontext.dumps(given),
        name=name,
        namespace="" if run is None else run.namespace,
        trace="" if run is None else traceparent_of(run.trace, row.id, row.attempt),
        parent=(row.execution_id, row.number) if waits else None,
    )


def child_result(services: Services, child: ExecutionRow, pattern: Pattern) -> Returned | Raised:
    """What the end of a child is to the Task that waited for it."""
    machine = services.machine_name(child.state_machine_id)
    parses = pattern is Pattern.SYNC_2 and child.status == Status.SUCCEEDED

    def data(text: str) -> Json:
        return jsontext.loads(text) if parses else jsontext.compact(jsontext.loads(text))

    said: dict[str, Json] = {
        "ExecutionArn": services.arns.execution(machine, child.name),
        "Input": data(child.input),
        "InputDetails": {"Included": True},
        "Name": child.name,
        "StartDate": child.created_at,
        "StateMachineArn": services.arns.state_machine(machine),
        "Status": STATUSES[Status(child.status)],
        "StopDate": child.ended_at,
    }
    if child.status == Status.SUCCEEDED:
        said |= {"Output": data(child.output or "null"), "OutputDetails": {"Included": True}}
        return Returned(Document(dict(sorted(said.items()))))
    for name, text in (("Error", child.error), ("Cause", child.cause)):
        if (value := text_or_none(text)) is not None:
            said[name] = value
    return Raised(TASK_FAILED, jsontext.compact(dict(sorted(said.items()))))


def look_at_child(services: Services, row: OperationRow) -> Returned | Raised | None:
    """The end of the child that an operation waits for, None while it goes on."""
    request = jsontext.loads(row.request or "{}")
    child = services.store.executions.find(request["child"])
    if child is None or child.status not in ENDED:
        return None
    return child_result(services, child, Pattern(request["pattern"]))


def wait_for_child(
    services: Services, row: OperationRow, child: ExecutionRow, pattern: Pattern, now: int
) -> None:
    """Park an operation until its child has ended; within the transaction that submitted it."""
    request = jsontext.dumps({"child": child.id, "pattern": pattern.value})
    services.store.callbacks.await_child(row, request, next_look(row, now))


def next_look(row: OperationRow, now: int) -> int:
    """When to look at a child that has not ended."""
    look = now + LOOK_SECONDS * 1000
    return look if row.deadline is None else min(look, row.deadline)


def end_run(
    services: Services, execution_id: str, ending: Ending, now: int, *, if_due: bool = False
) -> ExecutionRow | None:
    """End a run from outside, and see to what follows; it as it is now, None: there is none.

    if_due: only if its time is over.
    """
    executions = services.store.executions
    row = again(lambda: executions.end(execution_id, ending, now, if_due=if_due))
    lifecycle.ended(services, row, now)
    after_end(services, execution_id, now)
    return row


def after_end(services: Services, execution_id: str, now: int) -> None:
    """After a run has ended: wake the Task that waits for it, stop the runs that it waits for, let
    the next one of its queue go on. Whatever of it is lost is seen to when it comes due.
    """
    run = services.store.executions.find(execution_id)
    if run is None or run.status not in ENDED:
        return
    if run.parent_execution is not None:
        waiting = (run.parent_execution, run.parent_operation or 0)
        woken = services.store.callbacks.child_ended(*waiting, now)
        if woken is not None:
            invite_runner(services, woken)
    if run.status != Status.SUCCEEDED:
        for child in services.store.child_runs.orphans(execution_id):
            end_run(services, child, PARENT_ENDED, now)
    if run.queue:
        admit_next(services, run.queue)
