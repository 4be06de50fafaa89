"""The children of Map Runs: executions that begin with their first transition.

Their operations stand below the Map's own, under the lock and among the numbers of the root
execution, so that they join, fail and are aborted as all branches do. What makes a child an
execution is a row of its own, with a history of its own. One that is Express has neither: its
first operation is all there is of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ulid import ULID

from asl.language import jsontext
from asl.store.database import Database
from asl.store.map_runs import MapRunRow
from asl.store.rows import (
    EXECUTION_NAMES,
    INSERT_EXECUTION,
    RUNNING_LIST,
    Awaiting,
    ExecutionRow,
    OperationRow,
    Status,
    execution_from,
    replace,
)

LARGEST_PART = 8 << 20  # bytes of results that are handled at a time


class MapChild(NamedTuple):
    """row: as it is stored, or as it will be at its first transition (`events` is 0 then)."""

    row: ExecutionRow
    label: str
    express: bool


class ChildResult(NamedTuple):
    """What became of one child; texts are JSON, times ms since epoch."""

    branch: int
    name: str
    status: str
    input: str
    output: str | None
    error: str | None
    cause: str | None
    started_at: int | None
    stopped_at: int | None


def child_id(execution_id: str, number: int, now: int) -> str:
    """The id of the child that begins with an operation."""
    digest = hashlib.sha256(f"{execution_id}.{number}".encode()).digest()
    return str(ULID(now.to_bytes(6, "big") + digest[:10]))


class MapChildren:
    """The verbs that write want a transaction around them and the lock of the root execution."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._select = database.sql(f"SELECT {EXECUTION_NAMES} FROM execution WHERE id = ?")
        self._select_run = database.sql(
            "SELECT m.id, m.label, m.express FROM map_run m JOIN operation p "
            "ON p.map_run_id = m.id WHERE p.execution_id = ? AND p.number = ?"
        )
        self._insert = database.sql(INSERT_EXECUTION)
        self._update = database.sql(
            "UPDATE execution SET status = ?, output = ?, error = ?, cause = ?, events = ?, "
            "ended_at = ? WHERE id = ?"
        )
        self._count = database.sql("UPDATE execution SET events = ? WHERE id = ?")
        self._begin = database.sql(
            f"UPDATE operation SET status = '{Status.EXECUTING}', awaiting = '{Awaiting.RESULT}', "
            "fence = fence + 1, due_at = ?, entered_at = ?, entered_event = 1, last_event = 1 "
            "WHERE execution_id = ? AND number = ? AND fence = ?"
        )
        # What a child was given stands in its first operation, what became of it in its last.
        self._select_results = database.sql(
            "SELECT f.branch, f.child_execution, l.status, f.input, l.output, l.error, l.cause, "
            "f.entered_at, l.ended_at FROM (SELECT MIN(number) AS first, MAX(number) AS last "
            "FROM operation WHERE execution_id = ? AND parent = ? AND parent > 0 AND branch > ? "
            "AND parent_round = ? GROUP BY branch ORDER BY branch LIMIT ?) AS ends "
            "JOIN operation f ON f.execution_id = ? AND f.number = ends.first "
            "JOIN operation l ON l.execution_id = ? AND l.number = ends.last ORDER BY f.branch"
        )
        self._reopen = database.sql(
            f"UPDATE execution SET status = '{Status.EXECUTING}', error = NULL, cause = NULL, "
            "ended_at = NULL, redrives = COALESCE(redrives, 0) + 1, "
            "redriven_at = ? WHERE id = ?"
        )

    def of(self, root: ExecutionRow, row: OperationRow) -> MapChild | None:
        """The child that an operation belongs to, None where it is the root's own."""
        if row.child_execution is None:
            return None
        values = self._db.execute(self._select, (row.child_execution,)).fetchone()
        if values is not None:
            child = execution_from(values)
            return MapChild(child, child.label or "", express=False)
        parent = (root.id, row.parent)
        run_id, label, express = self._db.execute(self._select_run, parent).fetchone()
        child = replace(
            root, id=row.child_execution, name=row.child_execution, status=Status.PENDING,
            input=row.input, output=None, events=0, operations=0, created_at=row.created_at,
            started_at=None, due_at=None, parent_execution=None, parent_operation=None,
            root_execution=root.id, map_run_id=run_id, label=label,
        )  # fmt: skip
        return MapChild(child, label, bool(express))

    def write(self, before: ExecutionRow, after: ExecutionRow) -> None:
        """A child after one of its transitions, for the first time or again."""
        if before.events == 0:
            self._db.execute(self._insert, after)
        elif before.status == after.status:
            self._db.execute(self._count, (after.events, after.id))
        else:
            self._db.execute(
                self._update,
                (after.status, after.output, after.error, after.cause, after.events,
                 after.ended_at, after.id),
            )  # fmt: skip

    def count(self, child: ExecutionRow) -> None:
        """Write how many events a child has."""
        self._db.execute(self._count, (child.events, child.id))

    def begin(self, row: OperationRow, now: int, until: int) -> int:
        """Take an Express child in hand; the fence under which its end may be recorded."""
        self._db.execute(self._begin, (until, now, row.execution_id, row.number, row.fence))
        return row.fence + 1

    def abort(self, ids: Collection[str], now: int) -> None:
        """End those of the children that have begun and not ended."""
        if ids:
            marks = ", ".join("?" * len(ids))
            self._abort(f"id IN ({marks})", sorted(ids), now)

    def abort_below(self, root: str, now: int) -> None:
        """End all children below an execution, however deep."""
        self._abort("root_execution = ?", (root,), now)

    def _abort(self, which: str, parameters: Sequence[str], now: int) -> None:
        which = f"{which} AND status IN ({RUNNING_LIST})"
        event = jsontext.dumps([["ExecutionAborted", 0, now, {}]])
        history = self._db.sql(
            "INSERT INTO history (execution_id, first, operation, events) "
            f"SELECT id, events + 1, 0, ? FROM execution WHERE {which}"
        )
        self._db.execute(history, (event, *parameters))
        ended = self._db.sql(
            f"UPDATE execution SET status = '{Status.ABORTED}', events = events + 1, "
            f"ended_at = ?, due_at = NULL WHERE {which}"
        )
        self._db.execute(ended, (now, *parameters))

    def results(self, run: MapRunRow, after: int, limit: int) -> list[ChildResult]:
        """What became of the children behind index `after`: at most `limit`, or LARGEST_PART bytes.

        The children are at rest: they have ended, or were aborted before they began.
        """
        key = (
            run.execution_id, run.operation, after, run.round, limit,
            run.execution_id, run.execution_id,
        )  # fmt: skip
        results: list[ChildResult] = []
        size = 0
        for values in self._db.execute(self._select_results, key):
            if size > LARGEST_PART:
                break
            result = ChildResult._make(values)
            results.append(result)
            size += len(result.input) + len(result.output or "")
        return results

    def reopen(self, child: str, now: int) -> ExecutionRow | None:
        """Let a child that has ended go on; it as it is now, None where it has not begun."""
        self._db.execute(self._reopen, (now, child))
        values = self._db.execute(self._select, (child,)).fetchone()
        return None if values is None else execution_from(values)
