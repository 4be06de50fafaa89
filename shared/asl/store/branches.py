"""How branches and iterations join, release each other, and end together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asl.language import jsontext
from asl.language.effects import Fail
from asl.store.child_runs import ChildRuns
from asl.store.database import Database
from asl.store.map_children import MapChildren
from asl.store.map_runs import MapRuns
from asl.store.rows import LIVE_LIST, Awaiting, OperationRow, Status, operation_id


class Parent(NamedTuple):
    """What a Parallel's or Map's operation says of its branches."""

    pending: int
    opened: int
    released: int
    first_child: int
    map_run_id: str | None

    @property
    def held(self) -> int:
        """Branches that wait for their turn."""
        return self.opened - self.released


class Branches:
    """Every verb wants a transaction around it and the lock of the run."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._child_runs = ChildRuns(database)
        self._map_runs = MapRuns(database)
        self._map_children = MapChildren(database)
        self._count_down = database.sql(
            "UPDATE operation SET pending = pending - 1 WHERE execution_id = ? AND number = ? "
            f"AND round = ? AND status = '{Status.WAITING}' AND awaiting = '{Awaiting.BRANCHES}'"
        )
        self._select_parent = database.sql(
            "SELECT pending, opened, released, first_child, map_run_id FROM operation "
            "WHERE execution_id = ? AND number = ?"
        )
        self._wake = database.sql(
            f"UPDATE operation SET status = '{Status.PENDING}', due_at = ? "
            "WHERE execution_id = ? AND number = ?"
        )
        self._release = database.sql(
            "UPDATE operation SET released = released + ? WHERE execution_id = ? AND number = ?"
        )
        self._start = database.sql(
            "UPDATE operation SET due_at = ?, last_event = COALESCE(?, last_event) "
            "WHERE execution_id = ? "
            f"AND number = ? AND status = '{Status.PENDING}'"
        )
        self._fail = database.sql(
            f"UPDATE operation SET status = '{Status.PENDING}', awaiting = '{Awaiting.FAILURE}', "
            f"due_at = ?, request = ? WHERE execution_id = ? AND number = ?"
        )
        self._select_live = database.sql(
            "SELECT number, branch, state, type, entered_event, opens, child_execution, map_run_id "
            "FROM operation WHERE execution_id = ? AND parent = ? AND parent > 0 "
            f"AND status IN ({LIVE_LIST}) ORDER BY branch"
        )
        self._abort_live = database.sql(
            f"UPDATE operation SET status = '{Status.ABORTED}', due_at = NULL, ended_at = ?, "
            "token = NULL WHERE execution_id = ? AND parent = ? AND parent > 0 "
            f"AND status IN ({LIVE_LIST})"
        )

    def join(self, row: OperationRow, last_event: int, now: int) -> list[str]:
        """A branch has ended: what became ready, the parent or the next held branches."""
        key = (row.execution_id, row.parent)
        counted = self._db.execute(self._count_down, (*key, row.parent_round))
        if counted.rowcount != 1:
            return []
        parent = Parent(*self._db.execute(self._select_parent, key).fetchone())
        if parent.pending == 0:
            self._db.execute(self._wake, (now, *key))
            return [operation_id(*key)]
        return self._let_go(key, parent, last_event, now)

    def let_go(self, execution_id: str, number: int, now: int) -> list[str]:
        """Start the held branches that may run by now, after a limit was raised."""
        key = (execution_id, number)
        parent = Parent(*self._db.execute(self._select_parent, key).fetchone())
        return self._let_go(key, parent, 0, now) if parent.pending else []

    def _let_go(self, key: tuple[str, int], parent: Parent, last_event: int, now: int) -> list[str]:
        """One for the branch that has ended; of a Map Run as many as its limit leaves room for."""
        count = min(self._room(parent), parent.held)
        if count <= 0:
            return []
        self._db.execute(self._release, (count, *key))
        first = parent.first_child + parent.released
        after = last_event if parent.map_run_id is None else None  # children have their own history
        for number in range(first, first + count):
            self._db.execute(self._start, (now, after, key[0], number))
        return [operation_id(key[0], number) for number in range(first, first + count)]

    def _room(self, parent: Parent) -> int:
        if parent.map_run_id is None or not parent.held:
            return 1
        run = self._map_runs.find(parent.map_run_id)
        if run is None or run.concurrency == 0:
            return parent.held
        return run.concurrency - (parent.pending - parent.held)

    def fail(self, row: OperationRow, effect: Fail, now: int) -> list[str]:
        """A branch has failed: the rest is aborted, and the parent is told. What became ready.

        A Map Run bears some failures: then the branch has just ended.
        """
        key = (row.execution_id, row.parent)
        parent = Parent(*self._db.execute(self._select_parent, key).fetchone())
        if parent.map_run_id is not None:
            run = self._map_runs.add_failed(parent.map_run_id, row.weight or 1)
            if not run.is_exceeded:
                return self.join(row, 0, now)
        aborted = self._abort_below(row, now)
        failure = {
            "index": row.branch,
            "state": row.state,
            "type": row.type,
            "error": effect.error,
            "cause": effect.cause,
            "last_event": row.last_event,
            "aborted": aborted if parent.map_run_id is None else [],
        }
        self._db.execute(self._fail, (now, jsontext.dumps(failure), *key))
        return [operation_id(*key)]

    def abort_under(self, row: OperationRow, now: int) -> None:
        """End all that an operation has opened; itself it goes on."""
        self._abort([row.number], row, now)

    def _abort_below(self, failed: OperationRow, now: int) -> Sequence[tuple[int, str, str]]:
        """End all live operations beside and below the failed one; those of the first level that
        had begun, as (index, state, type).
        """
        return self._abort([failed.parent], failed, now)

    def _abort(
        self, parents: list[int], besides: OperationRow, now: int
    ) -> list[tuple[int, str, str]]:
        begun: list[tuple[int, str, str]] = []
        children: set[str | None] = set()
        map_runs: list[str] = []
        top = parents[0]
        while parents:
            above = parents.pop()
            key = (besides.execution_id, above)
            live = self._db.execute(self._select_live, key).fetchall()
            for number, branch, state, type_, entered, opens, child, map_run in live:
                if number == besides.number:
                    continue
                parents.append(number)
                children.add(child)
                map_runs.extend([map_run] if map_run else [])
                if above == top and (entered or not opens):
                    begun.append((branch, state, type_ if entered else ""))
            self._db.execute(self._abort_live, (now, *key))
        self._map_runs.abort(map_runs, now)
        self._child_runs.wake_orphans(besides.execution_id, now)
        gone = children - {besides.child_execution, None}
        self._map_children.abort([child for child in gone if child], now)
        return begun
