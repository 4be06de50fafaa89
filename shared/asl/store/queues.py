"""Queues: how many runs of a name may be under way; the others wait for their turn, in order.

A run of a queue with a limit has an entry until it ends. Whoever counts admitted entries holds a
lock, after that of a run; ending a run needs no lock, it only makes room.
"""

from __future__ import annotations

from asl.store.claims import Claims
from asl.store.database import Database
from asl.store.errors import TransactionConflict, UniqueViolation
from asl.store.latch import Latch
from asl.store.rows import (
    RUNNING,
    Awaiting,
    ExecutionRow,
    OperationRow,
    Status,
    operation_id,
    replace,
)

LOCK = "queues"  # the lease whose row is locked while entries are counted


def held_in_queue(row: OperationRow) -> OperationRow:
    """A ready operation, to be released when its run is admitted.

    It is to be entered; or, if it has opened branches, to join them.
    """
    return replace(row, due_at=None, awaiting=Awaiting.QUEUE)


class Queues:
    """Verbs without a word on it are one transaction of their own."""

    def __init__(self, database: Database, claims: Claims) -> None:
        self._db = database
        self._claims = claims
        self._latch = Latch(database, LOCK)
        self._count = database.sql(
            "SELECT COUNT(*) FROM queue_entry WHERE queue = ? AND admitted = ?"
        )
        self._insert = database.sql(
            "INSERT INTO queue_entry (execution_id, queue, admitted) VALUES (?, ?, ?)"
        )
        self._oldest = database.sql(
            "SELECT execution_id FROM queue_entry WHERE queue = ? AND admitted = ? "
            "ORDER BY execution_id LIMIT 1"
        )
        self._waiting = database.sql(
            "SELECT queue FROM (SELECT queue FROM queue_entry WHERE admitted = ? GROUP BY queue) "
            "AS w ORDER BY (SELECT COUNT(*) FROM queue_entry e WHERE e.queue = w.queue "
            "AND e.admitted = ?), queue LIMIT ?"
        )
        self._admit = database.sql("UPDATE queue_entry SET admitted = ? WHERE execution_id = ?")
        self._select_held = database.sql(
            "SELECT number FROM operation WHERE execution_id = ? "
            f"AND awaiting = '{Awaiting.QUEUE}' AND status = '{Status.PENDING}'"
        )
        self._release = database.sql(
            "UPDATE operation SET due_at = ?, awaiting = "
            f"CASE WHEN opened > 0 THEN '{Awaiting.BRANCHES}' ELSE '{Awaiting.NOTHING}' END "
            f"WHERE execution_id = ? AND awaiting = '{Awaiting.QUEUE}' "
            f"AND status = '{Status.PENDING}'"
        )
        self._set_due = database.sql("UPDATE execution SET due_at = ? WHERE id = ?")

    def enter(self, run: ExecutionRow, limit: int) -> bool:
        """Whether a run that starts may go on at once; wants a transaction around it."""
        self._hold()
        admitted = self._admitted(run.queue) < limit and not self.first(run.queue)
        self._db.execute(self._insert, (run.id, run.queue, admitted))
        return admitted

    def first(self, queue: str) -> str | None:
        """Id of the run whose turn is next."""
        found = self._db.execute(self._oldest, (queue, False)).fetchone()
        return None if found is None else str(found[0])

    def waiting(self, most: int) -> list[str]:
        """Names of queues that somebody waits in, first those where the fewest are under way."""
        found = self._db.execute(self._waiting, (False, True, most)).fetchall()
        return [name for (name,) in found]

    def admit(
        self, execution_id: str, limit: int | None, now: int, due_at: int | None
    ) -> list[str] | None:
        """Let a waiting run go on where there is room: what became ready; None where there is none.

        due_at: when it times out, counted from now.
        """
        with self._db.transaction():
            run = self._claims.lock_execution(execution_id)
            if run is None or run.status not in RUNNING:
                return []
            self._hold()
            if limit is not None and self._admitted(run.queue) >= limit:
                return None
            self._db.execute(self._admit, (True, execution_id))
            held = self._db.execute(self._select_held, (execution_id,)).fetchall()
            self._db.execute(self._release, (now, execution_id))
            if due_at is not None:
                self._db.execute(self._set_due, (due_at, execution_id))
        return [operation_id(execution_id, number) for (number,) in held]

    def _admitted(self, queue: str) -> int:
        return int(self._db.execute(self._count, (queue, True)).fetchone()[0])

    def _hold(self) -> None:
        """Who races another one to count for the very first time is to try again."""
        try:
            self._latch.hold()
        except UniqueViolation as taken:
            raise TransactionConflict(str(taken)) from taken
