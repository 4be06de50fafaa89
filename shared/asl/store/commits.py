"""Writing one transition: the operation, what follows it, its history, the end of the run.

One transaction, begun by the caller, under the lock of the run and guarded by the fence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from asl.language.effects import Branch, Effect, Fail, Finish, Fork, Record
from asl.language.events import Drained, TimedOut
from asl.language.map_run import FAILED, MapRun
from asl.language.step import Step
from asl.store.branches import Branches
from asl.store.changes import PLAIN, Changes
from asl.store.child_runs import STARTERS, ChildRuns
from asl.store.claims import Claim, json_or_none
from asl.store.database import Database
from asl.store.drafts import first_operation, history_text
from asl.store.errors import StaleClaim
from asl.store.map_children import MapChildren, child_id
from asl.store.map_runs import MapRuns
from asl.store.rows import (
    ENDED,
    INSERT_OPERATION,
    UPDATE_OPERATION,
    Awaiting,
    ExecutionRow,
    OperationRow,
    Status,
    replace,
    update_values,
)


class Commits:
    """Applies a step to the tables. Every verb wants a transaction around it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._branches = Branches(database)
        self._child_runs = ChildRuns(database)
        self._map_runs = MapRuns(database)
        self._map_children = MapChildren(database)
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
        self._leave_queue = database.sql("DELETE FROM queue_entry WHERE execution_id = ?")
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
        if claim.child is not None and not claim.child.express:
            changes.child = self._started(claim.child.row, now)
        if step.map_run is not None and step.map_run.opened is not None:
            self._open_map_run(changes, claim, step.map_run.opened, now)
        self._apply(changes, claim, step, now, lease)
        if claim.operation.awaiting in STARTERS and isinstance(claim.event, TimedOut):
            self._child_runs.wake_of(claim.execution.id, claim.operation.number, now)
        self._write(claim, changes, step.records)
        self._end_map_run(changes.operation, step, now)
        return changes.operation, changes.ready

    def _apply(self, changes: Changes, claim: Claim, step: Step, now: int, lease: int) -> None:
        kind = type(step.effect)
        if kind in PLAIN:
            PLAIN[kind](changes, claim, step, now, lease)
        else:
            self._EFFECTS[kind](self, changes, claim, step, now)

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
        if records:
            self.append_history(claim.run.id, row.number, records)
        if claim.child is None:
            self._write_execution(claim.execution, changes.execution, len(records))
            return
        if changes.child is not None:
            child = replace(changes.child, events=changes.child.events + len(records))
            self._map_children.write(claim.child.row, child)
        self._write_execution(claim.execution, changes.execution, 0)

    def _write_execution(self, before: ExecutionRow, after: ExecutionRow, records: int) -> None:
        after = replace(after, events=after.events + records)
        if after.status != before.status:
            self.save_execution(after)
        elif after != before:
            self._db.execute(self._count_execution, (after.events, after.operations, after.id))

    def _open_map_run(self, changes: Changes, claim: Claim, run: MapRun, now: int) -> None:
        row = changes.operation  # what an earlier run of a retried state opened is none of this one
        changes.operation = row = replace(
            row, map_run_id=run.id, round=row.round + 1, pending=0, opened=0, released=0, total=0
        )
        self._map_runs.open(run, row, claim.run.id, claim.execution.state_machine_id, now)

    def _end_map_run(self, row: OperationRow, step: Step, now: int) -> None:
        """As the state says; or where it ended without a word, its history being full."""
        if row.map_run_id is None:
            return
        if step.map_run is not None and step.map_run.ended is not None:
            self._map_runs.end(row.map_run_id, step.map_run.ended, now)
        elif row.status == Status.FAILED:
            self._map_runs.end(row.map_run_id, FAILED, now)

    def append_history(self, execution_id: str, number: int, records: Sequence[Record]) -> None:
        """Append the events of one operation (0: of the run itself); there is at least one."""
        history = (execution_id, records[0].id, number, history_text(records))
        self._db.execute(self._insert_history, history)

    def save_execution(self, row: ExecutionRow) -> None:
        """Write what changes of a run; its row is locked.

        One that has ended leaves its queue; unless it succeeded, no run is left for its Tasks to
        wait for.
        """
        self._db.execute(
            self._update_execution,
            (row.status, row.output, row.error, row.cause, row.events, row.operations,
             row.started_at, row.ended_at, row.due_at, row.id),
        )  # fmt: skip
        if row.status in ENDED and row.queue:
            self._db.execute(self._leave_queue, (row.id,))
        if row.status in ENDED and row.status != Status.SUCCEEDED:
            self._child_runs.wake_orphans(row.id, row.ended_at or 0)

    def _finish(self, changes: Changes, _claim: Claim, step: Step, now: int) -> None:
        effect: Finish = step.effect  # type: ignore[assignment]
        changes.end(Status.SUCCEEDED, now, output=effect.output)
        changes.change(ends=True)
        row = changes.operation
        if step.ends_child:
            changes.end_child(Status.SUCCEEDED, now, output=effect.output.text)
        if row.parent:
            changes.ready.extend(self._branches.join(row, step.exit_event, now))
        else:
            changes.end_run(Status.SUCCEEDED, now, output=effect.output.text)

    def _fail(self, changes: Changes, _claim: Claim, step: Step, now: int) -> None:
        effect: Fail = step.effect  # type: ignore[assignment]
        changes.end(Status.FAILED, now)
        error, cause = json_or_none(effect.error), json_or_none(effect.cause)
        changes.change(ends=True, error=error, cause=cause)
        row = changes.operation
        if step.ends_child:
            changes.end_child(Status.FAILED, now, error=error, cause=cause)
        if row.parent:
            changes.ready.extend(self._branches.fail(row, effect, now))
        else:
            changes.end_run(Status.FAILED, now, error=error, cause=cause)

    def _fork(self, changes: Changes, claim: Claim, step: Step, now: int) -> None:
        effect: Fork = step.effect  # type: ignore[assignment]
        row = changes.operation
        round_ = row.round
        if row.map_run_id is None and not isinstance(claim.event, Drained):
            round_ += 1
        first = effect.branches[0].index
        concurrency = self._concurrency(row, effect) or len(effect.branches)
        released = first + min(concurrency, len(effect.branches))
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
            request=None,
        )
        for branch in effect.branches:
            child = self._branch(changes, claim, step, branch, now)
            if branch.index >= released:
                child = replace(child, due_at=None)
            else:
                changes.ready.append(child.id)
            changes.inserts.append(child)

    def _concurrency(self, row: OperationRow, effect: Fork) -> int:
        """How many branches may run at a time; of a Map Run it may have been changed since."""
        if row.map_run_id is None:
            return effect.concurrency
        if effect.item_count is not None:
            self._map_runs.note_total(row.map_run_id, effect.item_count)
        run = self._map_runs.find(row.map_run_id)
        return effect.concurrency if run is None else run.concurrency

    def _branch(
        self, changes: Changes, claim: Claim, step: Step, branch: Branch, now: int
    ) -> OperationRow:
        """The first operation of a branch; of a Map Run it begins a child."""
        effect: Fork = step.effect  # type: ignore[assignment]
        row, number = changes.operation, changes.next_number()
        first = first_operation(claim.execution, number, branch.state, branch.input, now)
        first = replace(
            first, parent=row.number, branch=branch.index, parent_round=row.round,
            variables=effect.variables.text, child_execution=row.child_execution,
            weight=row.weight, last_event=step.exit_event,
        )  # fmt: skip
        if row.map_run_id is None:
            return first
        child = child_id(row.execution_id, number, now)
        return replace(first, child_execution=child, weight=branch.weight, last_event=0)

    _EFFECTS: ClassVar[dict[type[Effect], Callable[[Commits, Changes, Claim, Step, int], None]]] = {
        Finish: _finish,
        Fail: _fail,
        Fork: _fork,
    }
