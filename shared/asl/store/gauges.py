"""How things stand at this moment, in numbers; each is one question that an index answers."""

from __future__ import annotations

from typing import NamedTuple

from asl.store.database import Database
from asl.store.rows import ENDED, RUNNING


class Backlog(NamedTuple):
    """operations: how many want attention; since (ms): the longest waiting, None without any."""

    operations: int
    since: int | None


class QueueLength(NamedTuple):
    queue: str
    admitted: bool
    executions: int


class Gauges:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._db = database
        # Status by status: grouped, some databases read the rows instead of the index.
        self._executions = database.sql(
            "SELECT COUNT(*) FROM execution WHERE status = ? AND root_execution IS NULL"
        )
        self._backlog = database.sql(
            "SELECT COUNT(*), MIN(due_at) FROM operation WHERE due_at <= ?"
        )
        self._runners = database.sql("SELECT COUNT(*) FROM runner WHERE until > ?")
        self._queues = database.sql(
            "SELECT queue, admitted, COUNT(*) FROM queue_entry GROUP BY queue, admitted"
        )

    def executions(self) -> dict[str, int]:
        """Executions by status, those that are kept; without the children of Map Runs."""
        return {
            status: int(self._db.execute(self._executions, (status,)).fetchone()[0])
            for status in (*RUNNING, *ENDED)
        }

    def backlog(self, now: int) -> Backlog:
        return Backlog(*self._db.execute(self._backlog, (now,)).fetchone())

    def runners(self, now: int) -> int:
        """Step-runners that are at work, or invited."""
        return int(self._db.execute(self._runners, (now,)).fetchone()[0])

    def queues(self) -> list[QueueLength]:
        found = self._db.execute(self._queues).fetchall()
        return [QueueLength(queue, bool(admitted), int(n)) for queue, admitted, n in found]
