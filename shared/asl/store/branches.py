"""How branches and iterations join, release each other, and end together."""

from __future__ import annotations

from collections.abc import Sequence

from asl.language import jsontext
from asl.language.effects import Fail
from asl.store.database import Database
from asl.store.rows import LIVE, Awaiting, OperationRow, Status, operation_id

_LIVE = ", ".join(f"'{status}'" for status in LIVE)


class Branches:
    """Every verb wants a transaction around it and the lock of the run."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._count_down = database.sql(
            "UPDATE operation SET pending = pending - 1 WHERE execution_id = ? AND number = ? "
            f"AND round = ? AND status = '{Status.WAITING}' AND awaiting = '{Awaiting.BRANCHES}'"
        )
        self._select_parent = database.sql(
            "SELECT pending, opened, released, first_child FROM operation "
            "WHERE execution_id = ? AND number = ?"
        )
        self._wake = database.sql(
            f"UPDATE operation SET status = '{Status.PENDING}', due_at = ? "
            "WHERE execution_id = ? AND number = ?"
        )
        self._release = database.sql(
            "UPDATE operation SET released = released + 1 WHERE execution_id = ? AND number = ?"
        )
        self._start = database.sql(
            "UPDATE operation SET due_at = ?, last_event = ? WHERE execution_id = ? "
            f"AND number = ? AND status = '{Status.PENDING}'"
        )
        self._fail = database.sql(
            f"UPDATE operation SET status = '{Status.PENDING}', awaiting = '{Awaiting.FAILURE}', "
            f"due_at = ?, request = ? WHERE execution_id = ? AND number = ?"
        )
        self._select_live = database.sql(
            "SELECT number, branch, state, type, entered_event, opens FROM operation "
            f"WHERE execution_id = ? AND parent = ? AND parent > 0 AND status IN ({_LIVE}) "
            "ORDER BY branch"
        )
        self._abort = database.sql(
            f"UPDATE operation SET status = '{Status.ABORTED}', due_at = NULL, ended_at = ?, "
            "token = NULL WHERE execution_id = ? AND parent = ? AND parent > 0 "
            f"AND status IN ({_LIVE})"
        )

    def join(self, row: OperationRow, last_event: int, now: int) -> list[str]:
        """A branch has ended well: what became ready, the parent or the next held branch."""
        key = (row.execution_id, row.parent)
        counted = self._db.execute(self._count_down, (*key, row.parent_round))
        if counted.rowcount != 1:
            return []
        pending, opened, released, first_child = self._db.execute(
            self._select_parent, key
        ).fetchone()
        if pending == 0:
            self._db.execute(self._wake, (now, *key))
            return [operation_id(*key)]
        if released == opened:
            return []
        number = first_child + released
        self._db.execute(self._release, key)
        self._db.execute(self._start, (now, last_event, row.execution_id, number))
        return [operation_id(row.execution_id, number)]

    def fail(self, row: OperationRow, effect: Fail, now: int) -> str:
        """A branch has failed: the rest is aborted, and the parent is told. Its id."""
        aborted = self._abort_below(row.execution_id, row.parent, now, besides=row.number)
        failure = {
            "index": row.branch,
            "state": row.state,
            "type": row.type,
            "error": effect.error,
            "cause": effect.cause,
            "last_event": row.last_event,
            "aborted": aborted,
        }
        key = (row.execution_id, row.parent)
        self._db.execute(self._fail, (now, jsontext.dumps(failure), *key))
        return operation_id(*key)

    def _abort_below(
        self, execution_id: str, parent: int, now: int, besides: int
    ) -> Sequence[tuple[int, str, str]]:
        """End all live operations below `parent`; those that had begun, as (index, state, type)."""
        begun: list[tuple[int, str, str]] = []
        parents = [parent]
        while parents:
            above = parents.pop()
            key = (execution_id, above)
            for number, branch, state, type_, entered, opens in self._db.execute(
                self._select_live, key
            ).fetchall():
                if number == besides:
                    continue
                parents.append(number)
                if above == parent and (entered or not opens):
                    begun.append((branch, state, type_ if entered else ""))
            self._db.execute(self._abort, (now, *key))
        return begun
