"""What one transition writes, gathered before it is written; the effects that need no other row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asl.language import jsontext
from asl.language.document import Document
from asl.language.effects import (
    Call,
    Callback,
    Effect,
    Goto,
    Offer,
    ReadItems,
    Retry,
    ServiceCall,
    Sleep,
    WriteResults,
)
from asl.language.step import Step
from asl.store.claims import Claim, json_or_none
from asl.store.drafts import (
    first_operation,
    read_request_text,
    request_text,
    service_request_text,
    write_request_text,
)
from asl.store.rows import Awaiting, ExecutionRow, OperationRow, Status, replace


@dataclass(slots=True)
class Changes:
    """The rows of a transition as they will be.

    inserts: new operations. ready: ids of operations that may be claimed now. child: of a Map Run,
    whose operation it is.
    """

    execution: ExecutionRow
    operation: OperationRow
    child: ExecutionRow | None = None
    inserts: list[OperationRow] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)

    def next_number(self) -> int:
        """Of a new operation in its run."""
        number = self.execution.operations + 1
        self.execution = replace(self.execution, operations=number)
        return number

    def change(self, **columns: Any) -> None:
        """Of the operation."""
        self.operation = replace(self.operation, **columns)

    def end(self, status: Status, now: int, output: Document | None = None) -> None:
        """The operation has ended, whatever else has."""
        self.change(
            status=status,
            awaiting=Awaiting.NOTHING,
            ended_at=now,
            output=None if output is None else output.text,
        )

    def end_run(self, status: Status, now: int, **said: str | None) -> None:
        """The run has ended; said: output, or error and cause, as JSON texts."""
        self.execution = replace(self.execution, status=status, ended_at=now, due_at=None, **said)

    def end_child(self, status: Status, now: int, **said: str | None) -> None:
        if self.child is not None:
            self.child = replace(self.child, status=status, ended_at=now, **said)


Plain = Callable[[Changes, Claim, Step, int, int], None]
"""An effect on the operation alone: changes, claim, step, now and lease (ms)."""


def goto(changes: Changes, claim: Claim, step: Step, now: int, _lease: int) -> None:
    effect: Goto = step.effect  # type: ignore[assignment]
    changes.end(Status.SUCCEEDED, now, output=effect.output)
    row = changes.operation
    following = first_operation(
        claim.execution, changes.next_number(), effect.state, effect.output, now
    )
    following = replace(
        following,
        parent=row.parent,
        branch=row.branch,
        parent_round=row.parent_round,
        opens=False,
        variables=effect.variables.text,
        last_event=step.exit_event,
        child_execution=row.child_execution,
        weight=row.weight,
    )
    changes.inserts.append(following)
    changes.ready.append(following.id)


def sleep(changes: Changes, _claim: Claim, step: Step, _now: int, _lease: int) -> None:
    effect: Sleep = step.effect  # type: ignore[assignment]
    changes.change(status=Status.WAITING, awaiting=Awaiting.TIME, due_at=effect.until)


def retry(changes: Changes, _claim: Claim, step: Step, _now: int, _lease: int) -> None:
    effect: Retry = step.effect  # type: ignore[assignment]
    changes.change(
        status=Status.WAITING,
        awaiting=Awaiting.RETRY,
        due_at=effect.until,
        attempt=changes.operation.attempt + 1,
        counters=jsontext.dumps(list(effect.counters)),
        error=json_or_none(effect.error),
        cause=json_or_none(effect.cause),
        token=None,
    )


def call(changes: Changes, _claim: Claim, step: Step, now: int, lease: int) -> None:
    effect: Call = step.effect  # type: ignore[assignment]
    _ask(changes, request_text(effect, changes.operation), effect, now + lease)


def service_call(changes: Changes, _claim: Claim, step: Step, now: int, lease: int) -> None:
    effect: ServiceCall = step.effect  # type: ignore[assignment]
    _ask(changes, service_request_text(effect), effect, now + lease)


def _ask(changes: Changes, request: str, effect: Call | ServiceCall, until: int) -> None:
    changes.change(
        status=Status.EXECUTING,
        awaiting=Awaiting.RESULT,
        due_at=until,
        request=request,
        deadline=effect.deadline,
        heartbeat=effect.heartbeat,
        token=effect.token,
    )


def read_items(changes: Changes, _claim: Claim, step: Step, now: int, lease: int) -> None:
    effect: ReadItems = step.effect  # type: ignore[assignment]
    _ask_store(changes, read_request_text(effect), effect.notes, now + lease)


def write_results(changes: Changes, _claim: Claim, step: Step, now: int, lease: int) -> None:
    effect: WriteResults = step.effect  # type: ignore[assignment]
    _ask_store(changes, write_request_text(effect), effect.notes, now + lease)


def _ask_store(changes: Changes, request: str, notes: Document, until: int) -> None:
    """Have an object store asked, as a call is made; `notes` are the state's own."""
    changes.change(
        status=Status.EXECUTING,
        awaiting=Awaiting.RESULT,
        due_at=until,
        request=request,
        deadline=None,
        heartbeat=None,
        token=None,
        items=notes.text,
    )


def offer(changes: Changes, _claim: Claim, step: Step, _now: int, _lease: int) -> None:
    effect: Offer = step.effect  # type: ignore[assignment]
    changes.change(
        status=Status.WAITING,
        awaiting=Awaiting.WORKER,
        request=effect.arguments.text,
        token=effect.token,
        activity=effect.activity,
    )


def callback(changes: Changes, _claim: Claim, step: Step, now: int, _lease: int) -> None:
    effect: Callback = step.effect  # type: ignore[assignment]
    row = changes.operation
    if row.activity is not None:
        row = replace(row, deadline=effect.deadline, heartbeat=effect.heartbeat, activity=None)
    beat = None if row.heartbeat is None else now + row.heartbeat * 1000
    due = [moment for moment in (row.deadline, beat) if moment is not None]
    changes.operation = replace(
        row, status=Status.WAITING, awaiting=Awaiting.CALLBACK, due_at=min(due, default=None)
    )


PLAIN: dict[type[Effect], Plain] = {
    Goto: goto,
    Sleep: sleep,
    Retry: retry,
    Call: call,
    ServiceCall: service_call,
    Offer: offer,
    Callback: callback,
    ReadItems: read_items,
    WriteResults: write_results,
}
