"""Writing one transition: the operation, what follows it, its history, the end of the run.

One transaction, begun by the caller, under the lock of the run and guarded by the fence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from asl.language import jsontext
from asl.language.document import Document
from asl.language.effects import (
    Call,
    Callback,
    Effect,
    Fail,
    Finish,
    Fork,
    Goto,
    Offer,
    Record,
    Retry,
    ServiceCall,
    Sleep,
)
from asl.language.events import Drained
from asl.language.step import Step
from asl.store.branches import Branches
from asl.store.claims import Claim, json_or_none
from asl.store.database import Database
from asl.store.errors import StaleClaim
from asl.store.rows import (
    INSERT_OPERATION,
    UPDATE_OPERATION,
    Awaiting,
    ExecutionRow,
    OperationRow,
    Status,
    replace,
    update_values,
)


@dataclass(slots=True)
class Changes:
    """What one transition writes, gathered before it is written.

    ready: ids of operations that may be claimed now. held: the claim goes on past the commit.
    """

    execution: ExecutionRow
    operation: OperationRow
    inserts: list[OperationRow] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)


class Commits:
    """Applies a step to the tables. Every verb wants a transaction around it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._branches = Branches(database)
        self._update_operation = database.sql(UPDATE_OPERATION)
        self._insert_operation = database.sql(INSERT_OPERATION)
        self._update_execution = database.sql(
            "UPDATE execution SET status = ?, output = ?, error = ?, cause = ?, events = ?, "
            "operations = ?, started_at = ?, ended_at = ?, due_at = ? WHERE id = ?"
        )
        # SQLite rewrites the index of every column that is named, changed or not.
        self._count_execution = database.sql(
            "UPDATE execution SET events = ?, operations = ? WHERE id = ?"
        )
        self._insert_history = database.sql(
            "INSERT INTO history (execution_id, first, operation, events) VALUES (?, ?, ?, ?)"
        )

    def commit(
        self, claim: Claim, step: Step, now: int, lease: int
    ) -> tuple[OperationRow, list[str]]:
        """Write what `step` decided; the operation as it is now, and what became ready.

        lease: ms that a call may hold the operation unseen. StaleClaim: somebody else has it.
        """
        changes = Changes(
            execution=self._started(claim.execution, now),
            operation=replace(
                claim.operation,
                fence=claim.operation.fence + 1,
                type=step.type,
                due_at=None,
                previous_event=step.previous_event,
                entered_event=step.entered_event,
                entered_at=step.entered_at,
                last_event=step.last_event,
            ),
        )
        apply = self._EFFECTS[type(step.effect)]
        apply(self, changes, claim, step, now, lease)
        self._write(claim, changes, step.records)
        return changes.operation, changes.ready

    def retake(self, claim: Claim, until: int) -> OperationRow:
        """Take over a call whose runner was lost; the same attempt goes on under a new fence."""
        row = replace(claim.operation, fence=claim.operation.fence + 1, due_at=until)
        written = self._db.execute(
            self._update_operation, update_values(row, claim.operation.fence)
        )
        if written.rowcount != 1:
            raise StaleClaim(row.id)
        return row

    def _started(self, execution: ExecutionRow, now: int) -> ExecutionRow:
        if execution.status != Status.PENDING:
            return execution
        return replace(execution, status=Status.EXECUTING, started_at=now)

    def _write(self, claim: Claim, changes: Changes, records: Sequence[Record]) -> None:
        row = changes.operation
        written = self._db.execute(
            self._update_operation, update_values(row, claim.operation.fence)
        )
        if written.rowcount != 1:
            raise StaleClaim(row.id)
        for inserted in changes.inserts:
            self._db.execute(self._insert_operation, inserted)
        execution = changes.execution
        if records:
            self._db.execute(
                self._insert_history,
                (row.execution_id, records[0].id, row.number, history_text(records)),
            )
        events = execution.events + len(records)
        if execution.status == claim.execution.status:
            counted = (events, execution.operations, execution.id)
            self._db.execute(self._count_execution, counted)
        else:
            self.save_execution(replace(execution, events=events))

    def save_execution(self, row: ExecutionRow) -> None:
        """Write what changes of a run; its row is locked."""
        self._db.execute(
            self._update_execution,
            (row.status, row.output, row.error, row.cause, row.events, row.operations,
             row.started_at, row.ended_at, row.due_at, row.id),
        )  # fmt: skip

    def _number(self, changes: Changes) -> int:
        """The next operation's number in its run."""
        number = changes.execution.operations + 1
        changes.execution = replace(changes.execution, operations=number)
        return number

    def _goto(self, changes: Changes, claim: Claim, step: Step, now: int, _lease: int) -> None:
        effect: Goto = step.effect  # type: ignore[assignment]
        self._end(changes, Status.SUCCEEDED, now, output=effect.output)
        row = changes.operation
        following = replace(
            first_operation(
                claim.execution, self._number(changes), effect.state, effect.output, now
            ),
            parent=row.parent,
            branch=row.branch,
            parent_round=row.parent_round,
            opens=False,
            variables=effect.variables.text,
            last_event=step.exit_event,
        )
        changes.inserts.append(following)
        changes.ready.append(following.id)

    def _end(
        self, changes: Changes, status: Status, now: int, output: Document | None = None
    ) -> None:
        changes.operation = replace(
            changes.operation,
            status=status,
            awaiting=Awaiting.NOTHING,
            ended_at=now,
            output=None if output is None else output.text,
        )

    def _finish(self, changes: Changes, _claim: Claim, step: Step, now: int, _lease: int) -> None:
        effect: Finish = step.effect  # type: ignore[assignment]
        self._end(changes, Status.SUCCEEDED, now, output=effect.output)
        changes.operation = row = replace(changes.operation, ends=True)
        if row.parent:
            changes.ready.extend(self._branches.join(row, step.exit_event, now))
        else:
            changes.execution = replace(
                changes.execution,
                status=Status.SUCCEEDED,
                output=effect.output.text,
                ended_at=now,
                due_at=None,
            )

    def _fail(self, changes: Changes, _claim: Claim, step: Step, now: int, _lease: int) -> None:
        effect: Fail = step.effect  # type: ignore[assignment]
        self._end(changes, Status.FAILED, now)
        error, cause = json_or_none(effect.error), json_or_none(effect.cause)
        changes.operation = row = replace(changes.operation, ends=True, error=error, cause=cause)
        if row.parent:
            changes.ready.append(self._branches.fail(row, effect, now))
        else:
            changes.execution = replace(
                changes.execution,
                status=Status.FAILED,
                error=error,
                cause=cause,
                ended_at=now,
                due_at=None,
            )

    def _sleep(self, changes: Changes, _claim: Claim, step: Step, _now: int, _lease: int) -> None:
        effect: Sleep = step.effect  # type: ignore[assignment]
        changes.operation = replace(
            changes.operation, status=Status.WAITING, awaiting=Awaiting.TIME, due_at=effect.until
        )

    def _retry(self, changes: Changes, _claim: Claim, step: Step, _now: int, _lease: int) -> None:
        effect: Retry = step.effect  # type: ignore[assignment]
        changes.operation = replace(
            changes.operation,
            status=Status.WAITING,
            awaiting=Awaiting.RETRY,
            due_at=effect.until,
            attempt=changes.operation.attempt + 1,
            counters=jsontext.dumps(list(effect.counters)),
            error=json_or_none(effect.error),
            cause=json_or_none(effect.cause),
            token=None,
        )

    def _call(self, changes: Changes, _claim: Claim, step: Step, now: int, lease: int) -> None:
        effect: Call = step.effect  # type: ignore[assignment]
        changes.operation = replace(
            changes.operation,
            status=Status.EXECUTING,
            awaiting=Awaiting.RESULT,
            due_at=now + lease,
            request=request_text(effect, changes.operation),
            deadline=effect.deadline,
            heartbeat=effect.heartbeat,
            token=effect.token,
        )

    def _service_call(
        self, changes: Changes, _claim: Claim, step: Step, now: int, lease: int
    ) -> None:
        effect: ServiceCall = step.effect  # type: ignore[assignment]
        changes.operation = replace(
            changes.operation,
            status=Status.EXECUTING,
            awaiting=Awaiting.RESULT,
            due_at=now + lease,
            request=service_request_text(effect),
            deadline=effect.deadline,
            heartbeat=effect.heartbeat,
            token=effect.token,
        )

    def _offer(self, changes: Changes, _claim: Claim, step: Step, _now: int, _lease: int) -> None:
        effect: Offer = step.effect  # type: ignore[assignment]
        changes.operation = replace(
            changes.operation,
            status=Status.WAITING,
            awaiting=Awaiting.WORKER,
            request=effect.arguments.text,
            token=effect.token,
            activity=effect.activity,
        )

    def _callback(self, changes: Changes, _claim: Claim, step: Step, now: int, _lease: int) -> None:
        effect: Callback = step.effect  # type: ignore[assignment]
        row = changes.operation
        if row.activity is not None:
            row = replace(row, deadline=effect.deadline, heartbeat=effect.heartbeat, activity=None)
        beat = None if row.heartbeat is None else now + row.heartbeat * 1000
        due = [moment for moment in (row.deadline, beat) if moment is not None]
        changes.operation = replace(
            row, status=Status.WAITING, awaiting=Awaiting.CALLBACK, due_at=min(due, default=None)
        )

    def _fork(self, changes: Changes, claim: Claim, step: Step, now: int, _lease: int) -> None:
        effect: Fork = step.effect  # type: ignore[assignment]
        row = changes.operation
        round_ = row.round if isinstance(claim.event, Drained) else row.round + 1
        first = effect.branches[0].index
        released = first + min(effect.concurrency or len(effect.branches), len(effect.branches))
        changes.operation = row = replace(
            row,
            status=Status.WAITING,
            awaiting=Awaiting.BRANCHES,
            round=round_,
            pending=len(effect.branches),
            opened=first + len(effect.branches),
            released=released,
            total=effect.total,
            first_child=changes.execution.operations + 1 - first,
            items=None if effect.items is None else effect.items.text,
        )
        variables = effect.variables.text
        for branch in effect.branches:
            child = replace(
                first_operation(
                    claim.execution, self._number(changes), branch.state, branch.input, now
                ),
                parent=row.number,
                branch=branch.index,
                parent_round=round_,
                variables=variables,
                due_at=now if branch.index < released else None,
                last_event=step.exit_event,
            )
            changes.inserts.append(child)
            if branch.index < released:
                changes.ready.append(child.id)

    _EFFECTS: ClassVar[
        dict[type[Effect], Callable[[Commits, Changes, Claim, Step, int, int], None]]
    ] = {
        Goto: _goto,
        Finish: _finish,
        Fail: _fail,
        Sleep: _sleep,
        Retry: _retry,
        Call: _call,
        ServiceCall: _service_call,
        Offer: _offer,
        Callback: _callback,
        Fork: _fork,
    }


def first_operation(
    execution: ExecutionRow, number: int, state: str, input_: Document, now: int
) -> OperationRow:
    """The row of a state that is entered next, ready to be claimed."""
    values: dict[str, Any] = {
        "execution_id": execution.id,
        "number": number,
        "state": state,
        "input": input_.text,
        "created_at": now,
        "due_at": now,
    }
    return replace(BLANK, **values)


BLANK = OperationRow(
    execution_id="", number=0, parent=0, branch=0, parent_round=0, opens=True, ends=False,
    state="", type="", status=Status.PENDING, awaiting=Awaiting.NOTHING, due_at=None, fence=0,
    attempt=1, counters="[]", input="{}", variables="{}", output=None, error=None, cause=None,
    request=None, token=None, deadline=None, heartbeat=None, call_id=None, round=0, pending=0,
    opened=0, released=0, total=0, first_child=0, items=None, previous_event=0, entered_event=0,
    last_event=0, created_at=0, entered_at=None, ended_at=None,
)  # fmt: skip


def request_text(call: Call, row: OperationRow) -> str:
    """What is needed to make a call again; the payload only where it is not the state's input."""
    request = call.request
    kept: dict[str, Any] = {
        "app": request.app,
        "function": request.function,
        "dialect": request.dialect.value,
    }
    if request.payload.text != row.input:
        kept["payload"] = request.payload.value
    return jsontext.dumps(kept)


def service_request_text(call: ServiceCall) -> str:
    """What is needed to make a service call again."""
    return jsontext.dumps(
        {
            "service": call.service,
            "action": call.action,
            "pattern": call.pattern.value,
            "arguments": call.arguments.value,
        }
    )


def history_text(records: Sequence[Record]) -> str:
    return jsontext.dumps([[r.type, r.previous, r.at, r.details] for r in records])
