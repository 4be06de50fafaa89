"""Redrive: a run that failed goes on where it failed, in a new chapter of the same run.

What ended stays as it was, but for the Parallels and Maps around what failed: those go on waiting
for their branches, of which only the failed and the aborted are made again, by new operations.
"""

from __future__ import annotations

from asl.store.child_runs import ChildRuns
from asl.store.claims import Claims
from asl.store.commits import Commits
from asl.store.database import Database
from asl.store.errors import NotRedrivable
from asl.store.queues import Queues
from asl.store.reopening import Chapter, Reopening
from asl.store.rows import (
    OPERATION_NAMES,
    ExecutionRow,
    OperationRow,
    Status,
    operation_from,
    replace,
)

REDRIVABLE = (Status.FAILED, Status.TIMED_OUT, Status.ABORTED)
EVICTED = "being evicted"


class Redrives:
    """`redrive` is one transaction of its own; the others read."""

    def __init__(
        self, database: Database, claims: Claims, commits: Commits, queues: Queues
    ) -> None:
        self._db = database
        self._claims = claims
        self._commits = commits
        self._queues = queues
        self._child_runs = ChildRuns(database)
        self._select_newest = database.sql(
            f"SELECT {OPERATION_NAMES} FROM operation WHERE execution_id = ? AND parent = 0 "
            "ORDER BY number DESC LIMIT 1"
        )
        self._select_entered = database.sql(
            f"SELECT {OPERATION_NAMES} FROM operation WHERE execution_id = ? AND parent = 0 "
            "AND state = ? ORDER BY number DESC LIMIT 1"
        )
        self._reopen = database.sql(
            f"UPDATE execution SET status = '{Status.EXECUTING}', output = NULL, error = NULL, "
            "cause = NULL, ended_at = NULL, started_at = ?, due_at = ?, "
            "version = ?, published = ?, alias = ?, parent_operation = ?, redrives = ?, "
            "redriven_at = ?, redrive_token = ?, events = ?, operations = ? WHERE id = ?"
        )

    def newest(self, execution_id: str, state: str | None = None) -> OperationRow | None:
        """The operation, not of a branch, that a run entered last, or last of that state."""
        if state is None:
            found = self._db.execute(self._select_newest, (execution_id,)).fetchone()
        else:
            found = self._db.execute(self._select_entered, (execution_id, state)).fetchone()
        return None if found is None else operation_from(found)

    def redrive(
        self, execution_id: str, chapter: Chapter, now: int
    ) -> tuple[ExecutionRow, list[str]]:
        """The run as it is now, and what became ready.

        NotRedrivable: it goes on, succeeded, or its retention is over.
        """
        with self._db.transaction():
            run = self._claims.lock_execution(execution_id)
            if run is None or run.status not in REDRIVABLE:
                raise NotRedrivable("gone" if run is None else run.status)
            if run.shipped_at is not None:  # its rows may be going already
                raise NotRedrivable(EVICTED)
            run = self._opened(run, chapter, now)
            admitted = chapter.queue_limit is None or self._queues.enter(run, chapter.queue_limit)
            work = Reopening(self._db, self._commits, run, chapter, now, admitted=admitted)
            newest = self.newest(execution_id)
            if chapter.state is not None or newest is None:
                work.enter(chapter)
            else:
                work.resume(newest)
            run = work.write()
            run = replace(run, due_at=chapter.due_at if admitted else None)
            self._db.execute(
                self._reopen,
                (run.started_at, run.due_at, run.version, run.published,
                 run.alias, run.parent_operation, run.redrives, run.redriven_at, run.redrive_token,
                 run.events, run.operations, run.id),
            )  # fmt: skip
        return run, work.ready

    def _opened(self, run: ExecutionRow, chapter: Chapter, now: int) -> ExecutionRow:
        if chapter.version != run.version:
            run = replace(run, version=chapter.version, published=None, alias=None)
        if self._child_runs.is_orphan(run):
            run = replace(run, parent_operation=None)
        return replace(
            run,
            status=Status.EXECUTING,
            output=None,
            error=None,
            cause=None,
            started_at=run.started_at or now,
            ended_at=None,
            redrives=(run.redrives or 0) + 1,
            redriven_at=now,
            redrive_token=chapter.token,
        )
