"""Removing what has grown old: ended runs, children first, in small committed batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asl.store.database import Database
from asl.store.machines import DELETING
from asl.store.rows import ENDED

_ENDED = ", ".join(f"'{status}'" for status in ENDED)
_DAY_MS = 86_400_000
# Only what has ended has ended_at; naming the status too, or the column of the children without
# a function around it, leads SQLite to the wrong index.
# With a point, because 30 days in ms are more than an INTEGER of PostgreSQL holds.
_OLD = (
    "FROM execution e LEFT JOIN state_machine m ON m.id = e.state_machine_id "
    "WHERE COALESCE(e.root_execution, '') = '' AND e.ended_at <= ? AND e.ended_at <= "
    f"? - {_DAY_MS}.0 * COALESCE(e.retention_days, m.retention_days, ?)"
)
_AT_A_TIME = 500  # children that are removed in one transaction
_OF_MACHINE = ("state_machine_version", "published_version", "alias")


class Eviction:
    """Works on ended runs only: a terminal status never changes, so nothing is taken in flight."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._select_old = database.sql(f"SELECT e.id {_OLD} ORDER BY e.ended_at LIMIT ?")
        self._count_old = database.sql(f"SELECT COUNT(*) {_OLD}")
        self._select_unneeded = database.sql(
            f"SELECT id FROM state_machine m WHERE status = '{DELETING}' AND NOT EXISTS "
            "(SELECT 1 FROM execution e WHERE e.state_machine_id = m.id) ORDER BY id LIMIT ?"
        )

    def old(self, now: int, retention_days: int, limit: int) -> list[str]:
        """Ids of runs past their retention, counted from their end; the oldest first.

        retention_days: of the installation, where neither run nor machine has its own.
        """
        parameters = (now - _DAY_MS, now, retention_days, limit)
        return [id_ for (id_,) in self._db.execute(self._select_old, parameters)]

    def count(self, now: int, retention_days: int) -> int:
        parameters = (now - _DAY_MS, now, retention_days)
        return int(self._db.execute(self._count_old, parameters).fetchone()[0])

    def evict(self, execution_ids: Sequence[str]) -> int:
        """Remove those of the runs that have ended, with all their rows; how many there were.

        The children of their Map Runs go first, some at a time; the rest is one transaction.
        Killed at any point, nothing is left without what it belongs to.
        """
        while self._evict_children(execution_ids):
            pass
        with self._db.transaction():
            ended = self._ids(
                "SELECT id FROM execution WHERE id IN ({}) "
                f"AND status IN ({_ENDED}) ORDER BY id FOR UPDATE",
                execution_ids,
            )
            for table in ("history", "operation", "map_run"):
                self._delete(f"DELETE FROM {table} WHERE execution_id IN ({{}})", ended)
            return self._delete("DELETE FROM execution WHERE id IN ({})", ended)

    def _evict_children(self, execution_ids: Sequence[str]) -> int:
        with self._db.transaction():
            ended = self._ids(
                f"SELECT id FROM execution WHERE id IN ({{}}) AND status IN ({_ENDED})",
                execution_ids,
            )
            children = self._ids(
                f"SELECT id FROM execution WHERE root_execution IN ({{}}) LIMIT {_AT_A_TIME}",
                ended,
            )
            self._delete("DELETE FROM history WHERE execution_id IN ({})", children)
            return self._delete("DELETE FROM execution WHERE id IN ({})", children)

    def evict_machines(self, limit: int = 100) -> int:
        """Remove deleted machines that no run needs any more; how many there were.

        They are locked before they are asked for runs again: one that was being started meanwhile
        is seen.
        """
        with self._db.transaction():
            found = [id_ for (id_,) in self._db.execute(self._select_unneeded, (limit,))]
            locked = self._ids(
                "SELECT id FROM state_machine WHERE id IN ({}) ORDER BY id FOR UPDATE", found
            )
            needed = self._ids(
                "SELECT DISTINCT state_machine_id FROM execution WHERE state_machine_id IN ({})",
                locked,
            )
            unneeded = sorted(set(locked) - set(needed))
            for table in _OF_MACHINE:
                self._delete(f"DELETE FROM {table} WHERE state_machine_id IN ({{}})", unneeded)
            return self._delete("DELETE FROM state_machine WHERE id IN ({})", unneeded)

    def _ids(self, statement: str, ids: Sequence[str]) -> list[str]:
        return [id_ for (id_,) in self._execute(statement, ids)] if ids else []

    def _delete(self, statement: str, ids: Sequence[str]) -> int:
        return int(self._execute(statement, ids).rowcount) if ids else 0

    def _execute(self, statement: str, ids: Sequence[str]) -> Any:
        marks = ", ".join("?" * len(ids))
        return self._db.execute(self._db.sql(statement.format(marks)), tuple(ids))
