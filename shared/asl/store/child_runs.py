"""Runs that a Task of another run waits for: nobody is left to go on for nothing."""

from __future__ import annotations

from asl.language import jsontext
from asl.store.database import Database
from asl.store.rows import LIVE, LIVE_LIST, RUNNING_LIST, Awaiting, ExecutionRow

STARTERS = (Awaiting.RESULT, Awaiting.CHILD)  # a Task that starts a run, or waits for its end
_IS_ORPHAN = (
    "parent_operation IS NOT NULL "
    f"AND status IN ({RUNNING_LIST}) AND NOT EXISTS "
    "(SELECT 1 FROM operation o WHERE o.execution_id = execution.parent_execution "
    f"AND o.number = execution.parent_operation AND o.status IN ({LIVE_LIST}))"
)


class ChildRuns:
    """What is orphaned is made due, in the transaction that orphaned it; who finds it ends it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._wake_orphans = database.sql(
            f"UPDATE execution SET due_at = ? WHERE parent_execution = ? AND {_IS_ORPHAN}"
        )
        self._wake_of = database.sql(
            "UPDATE execution SET due_at = ? WHERE parent_execution = ? "
            f"AND parent_operation = ? AND status IN ({RUNNING_LIST})"
        )
        self._hold_parent = database.sql("SELECT 1 FROM execution WHERE id = ? FOR KEY SHARE")
        self._select_parent = database.sql(
            "SELECT status, awaiting, request FROM operation WHERE execution_id = ? AND number = ?"
        )
        self._select_orphans = database.sql(
            f"SELECT id FROM execution WHERE parent_execution = ? AND {_IS_ORPHAN}"
        )

    def wake_orphans(self, execution_id: str, now: int) -> None:
        """Those whose Task has ended; wants a transaction around it and the lock of the parent."""
        self._db.execute(self._wake_orphans, (now, execution_id))

    def wake_of(self, execution_id: str, number: int, now: int) -> None:
        """Those that a Task has given up; wants a transaction around it."""
        self._db.execute(self._wake_of, (now, execution_id, number))

    def hold_parent(self, child: ExecutionRow) -> bool:
        """Keep the parent from ending until the transaction does; False where it has ended."""
        self._db.execute(self._hold_parent, (child.parent_execution,))
        return not self.is_orphan(child)

    def is_orphan(self, child: ExecutionRow) -> bool:
        """Whether the Task that was to wait for a run has ended, or has given it up."""
        if child.parent_execution is None or child.parent_operation is None:
            return False
        key = (child.parent_execution, child.parent_operation)
        found = self._db.execute(self._select_parent, key).fetchone()
        if found is None or found[0] not in LIVE or found[1] not in STARTERS:
            return True
        _, awaiting, request = found
        return bool(awaiting == Awaiting.CHILD and jsontext.loads(request)["child"] != child.id)

    def orphans(self, execution_id: str) -> list[str]:
        """Ids of the runs that Tasks of a run waited for until they ended, and that go on.

        A run that was redriven meanwhile keeps those that its new Tasks wait for.
        """
        return [id_ for (id_,) in self._db.execute(self._select_orphans, (execution_id,))]
