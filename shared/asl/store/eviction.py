"""Removing what has grown old: ended runs, children first, in small committed batches."""

from __future__ import annotations

from collections.abc import Sequence

from asl.store.database import Database
from asl.store.machines import DELETING
from asl.store.rows import ENDED

_ENDED = ", ".join(f"'{status}'" for status in ENDED)
_OLD = (
    "FROM execution e JOIN state_machine m ON m.id = e.state_machine_id "
    f"WHERE e.status IN ({_ENDED}) AND e.ended_at <= "
    "? - 86400000 * COALESCE(e.retention_days, m.retention_days, ?)"
)


class Eviction:
    """Works on ended runs only: a terminal status never changes, so nothing is taken in flight."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._select_old = database.sql(f"SELECT e.id {_OLD} ORDER BY e.ended_at LIMIT ?")
        self._count_old = database.sql(f"SELECT COUNT(*) {_OLD}")
        self._delete_machines = database.sql(
            f"DELETE FROM state_machine WHERE status = '{DELETING}' AND NOT EXISTS "
            "(SELECT 1 FROM execution WHERE execution.state_machine_id = state_machine.id)"
        )
        self._delete_versions = database.sql(
            "DELETE FROM state_machine_version WHERE NOT EXISTS (SELECT 1 FROM state_machine "
            "WHERE state_machine.id = state_machine_version.state_machine_id)"
        )

    def old(self, now: int, retention_days: int, limit: int) -> list[str]:
        """Ids of runs past their retention, counted from their end; the oldest first.

        retention_days: of the installation, where neither run nor machine has its own.
        """
        found = self._db.execute(self._select_old, (now, retention_days, limit)).fetchall()
        return [id_ for (id_,) in found]

    def count(self, now: int, retention_days: int) -> int:
        return int(self._db.execute(self._count_old, (now, retention_days)).fetchone()[0])

    def evict(self, execution_ids: Sequence[str]) -> int:
        """Remove runs with all their rows in one transaction; how many there were."""
        if not execution_ids:
            return 0
        marks = ", ".join("?" * len(execution_ids))
        with self._db.transaction():
            for table in ("history", "operation"):
                self._db.execute(
                    self._db.sql(f"DELETE FROM {table} WHERE execution_id IN ({marks})"),
                    tuple(execution_ids),
                )
            evicted: int = self._db.execute(
                self._db.sql(f"DELETE FROM execution WHERE id IN ({marks})"),
                tuple(execution_ids),
            ).rowcount
        return evicted

    def evict_machines(self) -> int:
        """Remove deleted machines that no run needs any more; how many there were."""
        with self._db.transaction():
            removed: int = self._db.execute(self._delete_machines).rowcount
            if removed:
                self._db.execute(self._delete_versions)
        return removed
