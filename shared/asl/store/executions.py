"""Runs: accepted once by name, found, listed, ended from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asl.language.document import Document
from asl.language.effects import Record
from asl.store.child_runs import ChildRuns
from asl.store.claims import Claims
from asl.store.commits import Commits
from asl.store.database import Database
from asl.store.drafts import first_operation
from asl.store.errors import MachineDeleted, NameTaken, ParentEnded, UniqueViolation
from asl.store.machines import ACTIVE
from asl.store.map_children import MapChildren
from asl.store.map_runs import MapRuns
from asl.store.map_stops import MapStops
from asl.store.queues import Queues, held_in_queue
from asl.store.rows import (
    INSERT_EXECUTION,
    INSERT_OPERATION,
    LIVE_LIST,
    RUNNING,
    ExecutionRow,
    OperationRow,
    Status,
    execution_from,
    operation_from,
    replace,
)
from asl.store.tables import Execution, Operation


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run is ended from outside: Aborted or TimedOut, with an error and a cause or none."""

    status: Status
    error: str | None
    cause: str | None
    event: str
    details: dict[str, Any]


class Executions:
    """The runs of all machines."""

    def __init__(self, database: Database, claims: Claims, commits: Commits) -> None:
        self._db = database
        self._claims = claims
        self._commits = commits
        self._child_runs = ChildRuns(database)
        self._queues = Queues(database, claims)
        self._map_runs = MapRuns(database)
        self._map_children = MapChildren(database)
        self._map_stops = MapStops(database, claims, commits)
        self._hold_machine = database.sql(
            "SELECT status FROM state_machine WHERE id = ? FOR KEY SHARE"
        )
        self._insert = database.sql(INSERT_EXECUTION)
        self._insert_operation = database.sql(INSERT_OPERATION)
        self._abort_all = database.sql(
            f"UPDATE operation SET status = '{Status.ABORTED}', due_at = NULL, ended_at = ?, "
            f"token = NULL, fence = fence + 1 WHERE execution_id = ? AND status IN ({LIVE_LIST})"
        )
        self._select_by_name = database.sql(
            "SELECT id FROM execution WHERE state_machine_id = ? AND name = ?"
        )

    def start(
        self, row: ExecutionRow, start_at: str, started: Record, queue_limit: int | None = None
    ) -> str | None:
        """Accept a run with its first operation; its id, None while it waits in its queue.

        One transaction; the run is safe once this returns. The machine's row is held meanwhile, so
        that it is not evicted between being looked up and having a run; MachineDeleted: it was.
        ParentEnded: nobody would wait for it. NameTaken: it is known. queue_limit: how many runs
        of its queue may be under way, None for any number.
        """
        first = first_operation(row, 1, start_at, Document.read(row.input), row.created_at)
        accepted = replace(row, events=1, operations=1)
        admitted = True
        with self._db.transaction():
            machine = self._db.execute(self._hold_machine, (row.state_machine_id,)).fetchone()
            if machine != (ACTIVE,):
                raise MachineDeleted(row.state_machine_id)
            if row.parent_execution is not None and not self._child_runs.hold_parent(row):
                raise ParentEnded(row.parent_execution)
            if queue_limit is not None:
                admitted = self._queues.enter(row, queue_limit)
            if not admitted:
                accepted, first = replace(accepted, due_at=None), held_in_queue(first)
            try:
                self._db.execute(self._insert, accepted)
            except UniqueViolation as taken:
                raise NameTaken(row.name) from taken
            self._db.execute(self._insert_operation, first)
            self._commits.append_history(row.id, 0, [started])
        return first.id if admitted else None

    def find_by_name(self, state_machine_id: str, name: str) -> ExecutionRow | None:
        found = self._db.execute(self._select_by_name, (state_machine_id, name)).fetchone()
        return None if found is None else self.find(found[0])

    def find(self, execution_id: str) -> ExecutionRow | None:
        query = Execution.select().where(Execution.id == execution_id).tuples()
        with self._db.reading():
            found = query.first()
        return None if found is None else execution_from(found)

    def status(self, execution_id: str) -> str | None:
        with self._db.reading():
            found = Execution.select(Execution.status).where(Execution.id == execution_id).first()
        return None if found is None else str(found.status)

    def page(
        self,
        *,
        per_page: int,
        before: str | None = None,
        state_machine_id: str | None = None,
        status: str | None = None,
    ) -> Sequence[ExecutionRow]:
        """Newest first; `before` is the id of the last one of the page before.

        Children of Map Runs are not among them.
        """
        query = Execution.select().where(Execution.root_execution.is_null())
        query = query.order_by(Execution.id.desc()).limit(per_page)
        if before is not None:
            query = query.where(Execution.id < before)
        if state_machine_id is not None:
            query = query.where(Execution.state_machine_id == state_machine_id)
        if status is not None:
            query = query.where(Execution.status == status)
        with self._db.reading():
            return [execution_from(values) for values in query.tuples()]

    def operations(
        self, execution_id: str, *, per_page: int, after: int = 0
    ) -> Sequence[OperationRow]:
        """The operations of a run by number, those of its Map Runs' children included."""
        query = Operation.select().where(Operation.execution_id == execution_id)
        return self._page_of(query, per_page, after)

    def operations_of_child(
        self, child: ExecutionRow, *, per_page: int, after: int = 0
    ) -> Sequence[OperationRow]:
        """Those of a child of a Map Run."""
        query = Operation.select().where(
            Operation.execution_id == child.root_execution, Operation.child_execution == child.id
        )
        return self._page_of(query, per_page, after)

    def _page_of(self, query: Any, per_page: int, after: int) -> Sequence[OperationRow]:
        query = query.where(Operation.number > after).order_by(Operation.number).limit(per_page)
        with self._db.reading():
            return [operation_from(values) for values in query.tuples()]

    def end(
        self, execution_id: str, ending: Ending, now: int, *, if_due: bool = False
    ) -> ExecutionRow | None:
        """End a run from outside with everything in it; None: there is no such run.

        if_due: only if its time is over, which a redrive may have changed since that was seen.
        A child of a Map Run is a failure to that run.

        A run that has ended already stays as it is: a terminal status never changes. One
        transaction; whatever is just being started finds the run ended and goes no further.
        """
        known = self.find(execution_id)
        if known is not None and known.root_execution is not None:
            return self._end_child(known, ending, now)
        with self._db.transaction():
            row = self._claims.lock_execution(execution_id)
            if row is None or row.status not in RUNNING:
                return row
            if if_due and (row.due_at is None or row.due_at > now):
                return row
            self._db.execute(self._abort_all, (now, execution_id))
            self._map_children.abort_below(execution_id, now)
            self._map_runs.abort(self._map_runs.running_of(execution_id), now)
            record = Record(row.events + 1, 0, ending.event, now, ending.details)
            self._commits.append_history(row.id, 0, [record])
            ended = replace(
                row,
                status=ending.status,
                error=ending.error,
                cause=ending.cause,
                events=record.id,
                ended_at=now,
                due_at=None,
            )
            self._commits.save_execution(ended)
            return ended

    def _end_child(self, child: ExecutionRow, ending: Ending, now: int) -> ExecutionRow:
        event = Record(0, 0, ending.event, now, ending.details)
        with self._db.transaction():
            self._map_stops.stop(child, ending.error, ending.cause, event)
            return self._map_stops.reread(child)

    def in_flight(self, state_machine_id: str) -> bool:
        """Whether a machine has runs that have not ended."""
        query = Execution.select(Execution.id).where(
            Execution.state_machine_id == state_machine_id, Execution.status.in_(RUNNING)
        )
        with self._db.reading():
            return query.exists()
