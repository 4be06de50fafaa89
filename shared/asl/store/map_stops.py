"""Ending one child of a Map Run from outside: for its run that is a failure like another."""

from __future__ import annotations

from asl.language.effects import Fail, Record
from asl.language.step import Step
from asl.store.branches import Branches
from asl.store.claims import Claim, Claims, text_or_none
from asl.store.commits import Commits
from asl.store.database import Database
from asl.store.rows import (
    EXECUTION_NAMES,
    LIVE_LIST,
    RUNNING,
    ExecutionRow,
    Status,
    execution_from,
    operation_id,
)


class MapStops:
    """Wants a transaction around it; takes the lock of the root execution."""

    def __init__(self, database: Database, claims: Claims, commits: Commits) -> None:
        self._db = database
        self._claims = claims
        self._commits = commits
        self._branches = Branches(database)
        self._select_live = database.sql(
            "SELECT o.number FROM operation o JOIN map_run m ON o.execution_id = m.execution_id "
            "AND o.parent = m.operation AND o.parent > 0 WHERE m.id = ? "
            f"AND o.child_execution = ? AND o.status IN ({LIVE_LIST})"
        )
        self._mark_operation = database.sql(
            f"UPDATE operation SET status = '{Status.ABORTED}' WHERE execution_id = ? "
            "AND number = ?"
        )
        self._mark_child = database.sql(
            f"UPDATE execution SET status = '{Status.ABORTED}' WHERE id = ?"
        )

    def stop(
        self, child: ExecutionRow, error: str | None, cause: str | None, event: Record
    ) -> None:
        """End a child that goes on; one that has ended stays as it is.

        error, cause: JSON texts or None. event: its last one, but for its id.
        """
        root = self._claims.lock_execution(child.root_execution or "")
        if root is None or root.status not in RUNNING:
            return
        found = self._db.execute(self._select_live, (child.map_run_id, child.id)).fetchone()
        if found is None:
            return
        claim = self._claims.locked(operation_id(root.id, found[0]))
        if claim is None or claim.child is None:
            return
        self._branches.abort_under(claim.operation, event.at)
        step = _failure(claim, Fail(text_or_none(error), text_or_none(cause)), event)
        self._commits.commit(claim, step, event.at, 0)
        self._db.execute(self._mark_operation, (root.id, found[0]))
        self._db.execute(self._mark_child, (child.id,))

    def reread(self, child: ExecutionRow) -> ExecutionRow:
        select = self._db.sql(f"SELECT {EXECUTION_NAMES} FROM execution WHERE id = ?")
        return execution_from(self._db.execute(select, (child.id,)).fetchone())


def _failure(claim: Claim, effect: Fail, event: Record) -> Step:
    row = claim.operation
    return Step(
        effect=effect,
        type=row.type,
        records=[Record(claim.run.events + 1, 0, event.type, event.at, event.details)],
        entered_at=row.entered_at or event.at,
        entered_event=row.entered_event,
        previous_event=row.previous_event,
        exit_event=0,
        last_event=row.last_event,
        ends_child=True,
    )
