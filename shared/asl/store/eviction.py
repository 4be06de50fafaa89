"""Removing what has grown old: ended runs, children first, in small committed batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asl.store.database import Database
from asl.store.machines import DELETING
from asl.store.rows import ENDED_LIST
from asl.store.shipping import PLACE

_DAY_MS = 86_400_000
# Only what has ended has ended_at; naming the status too, or the column of the children without
# a function around it, leads SQLite to the wrong index.
# With a point, because 30 days in ms are more than an INTEGER of PostgreSQL holds.
# What a run in flight waited for is kept until that one has ended too.
_OLD = (
    "FROM execution e LEFT JOIN state_machine m ON m.id = e.state_machine_id "
    "WHERE COALESCE(e.root_execution, '') = '' AND e.ended_at <= ? AND e.ended_at <= "
    f"? - {_DAY_MS}.0 * COALESCE(e.retention_days, m.retention_days, ?) "
    "AND (e.parent_execution IS NULL OR NOT EXISTS (SELECT 1 FROM execution p "
    "WHERE p.id = e.parent_execution AND p.ended_at IS NULL))"
)
_CLOSED = f"status IN ({ENDED_LIST}) AND shipped_at IS NOT NULL"
_AT_A_TIME = 100  # children that are removed in one transaction
SLICE = 1000  # operations, or events, of one run that are removed in one transaction
_OF_EXECUTION = ("history", "operation", "map_run", "queue_entry")
_OF_MACHINE = ("state_machine_version", "published_version", "alias")


class Eviction:
    """Works on ended runs only, whose records are closed: nothing brings those back to life."""

    def __init__(self, database: Database) -> None:
        self._db = database
        order = "ORDER BY e.ended_at, e.id LIMIT ?"
        self._select_open = database.sql(
            f"SELECT e.id {_OLD} AND e.shipped_at IS NULL {order} OFFSET ?"
        )
        self._select_closed = database.sql(
            f"SELECT e.id {_OLD} AND e.shipped_at IS NOT NULL {order}"
        )
        self._count_old = database.sql(f"SELECT COUNT(*), COUNT(e.shipped_at) {_OLD}")
        self._select_places = database.sql("SELECT name FROM counter WHERE name > ? AND name < ?")
        self._select_unneeded = database.sql(
            f"SELECT id FROM state_machine m WHERE status = '{DELETING}' AND NOT EXISTS "
            "(SELECT 1 FROM execution e WHERE e.state_machine_id = m.id) ORDER BY id LIMIT ?"
        )

    def old(self, now: int, retention_days: int, limit: int, skip: int = 0) -> list[str]:
        """Ids of runs past their retention whose records are open, the longest ended first.

        retention_days: of the installation, where neither run nor machine has its own. skip: how
        many to leave out at the beginning.
        """
        parameters = (now - _DAY_MS, now, retention_days, limit, skip)
        return [id_ for (id_,) in self._db.execute(self._select_open, parameters)]

    def closed(self, now: int, retention_days: int, limit: int) -> list[str]:
        """Ids of runs that are to be removed and nothing else."""
        parameters = (now - _DAY_MS, now, retention_days, limit)
        return [id_ for (id_,) in self._db.execute(self._select_closed, parameters)]

    def count(self, now: int, retention_days: int) -> tuple[int, int]:
        """How many runs are past their retention, and of how many of them the record is closed."""
        parameters = (now - _DAY_MS, now, retention_days)
        old, closed = self._db.execute(self._count_old, parameters).fetchone()
        return int(old), int(closed)

    def trim(self, execution_ids: Sequence[str]) -> bool:
        """Remove some rows of those of the runs that are large; False when none is any more.

        The children of Map Runs go before what they belong to, and branches before theirs.
        """
        closed = self._ids(
            f"SELECT id FROM execution WHERE id IN ({{}}) AND {_CLOSED}", execution_ids
        )
        children = self._ids(
            "SELECT id FROM execution WHERE root_execution IN ({}) "
            f"ORDER BY id LIMIT {_AT_A_TIME}",
            closed,
        )
        if children:
            return self._trim_large(children) or self._remove_children(children)
        return self._trim_large(closed)

    def _remove_children(self, children: Sequence[str]) -> bool:
        with self._db.transaction():
            self._delete("DELETE FROM history WHERE execution_id IN ({})", children)
            return self._delete("DELETE FROM execution WHERE id IN ({})", children) > 0

    def _trim_large(self, ids: Sequence[str]) -> bool:
        large = self._ids(
            "SELECT id FROM execution WHERE id IN ({}) "
            f"AND (operations > {SLICE} OR events > {SLICE})",
            ids,
        )
        return any(
            self._trim_table(table, number, id_)
            for id_ in large
            for table, number in (("operation", "number"), ("history", "first"))
        )

    def _trim_table(self, table: str, number: str, id_: str) -> bool:
        newest = self._db.sql(f"SELECT MAX(`{number}`) FROM {table} WHERE execution_id = ?")
        (top,) = self._db.execute(newest, (id_,)).fetchone()
        if top is None or top <= SLICE:
            return False
        slice_ = self._db.sql(f"DELETE FROM {table} WHERE execution_id = ? AND `{number}` > ?")
        return self._db.write(slice_, (id_, top - SLICE)) > 0

    def evict(self, execution_ids: Sequence[str]) -> int:
        """Remove those of the runs whose records are closed, with all their rows; how many.

        Large ones are trimmed first; the rest is one transaction. Killed at any point, nothing is
        left without what it belongs to.
        """
        while self.trim(execution_ids):
            pass
        with self._db.transaction():
            closed = self._ids(
                f"SELECT id FROM execution WHERE id IN ({{}}) AND {_CLOSED} ORDER BY id FOR UPDATE",
                execution_ids,
            )
            for table in _OF_EXECUTION:
                self._delete(f"DELETE FROM {table} WHERE execution_id IN ({{}})", closed)
            self._delete("DELETE FROM counter WHERE name IN ({})", self._places(closed))
            return self._delete("DELETE FROM execution WHERE id IN ({})", closed)

    def _places(self, ids: Sequence[str]) -> list[str]:
        """The names of the counters that say how far the records of large runs are."""
        begin, end = PLACE, f"{PLACE[:-1]}/"  # a slash follows the point
        found = self._db.execute(self._select_places, (begin, end)).fetchall()
        wanted = {PLACE + id_ for id_ in ids}
        return [name for (name,) in found if name.rpartition(".")[0] in wanted]

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
