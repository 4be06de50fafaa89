"""Reading ended runs piece by piece, and closing their records when they have been read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asl.store.database import Database
from asl.store.errors import TransactionConflict, UniqueViolation
from asl.store.histories import Histories, HistoryEvent
from asl.store.map_runs import MapRunRow
from asl.store.rows import EXECUTION_NAMES, ExecutionRow, execution_from


class EndedRun(NamedTuple):
    """What is needed of a run to know how much there is to tell of it, and whether it changed."""

    id: str
    operations: int
    events: int
    ended_at: int


class StepRow(NamedTuple):
    """What is told of an operation; see `tables.Operation`. The texts are JSON."""

    number: int
    parent: int
    branch: int
    state: str
    type: str
    status: str
    attempt: int
    call_id: str | None
    child_execution: str | None
    map_run_id: str | None
    created_at: int
    entered_at: int | None
    ended_at: int | None
    input: str
    output: str | None
    error: str | None
    cause: str | None


PLACE = "shipping."  # before a run's id, in the names of counters that say how far its record is


class Shipping:
    """Pages are small, for a row may have many times 256 KiB.

    A record is closed when it has been handed over, or need not be: from then on nothing is added
    to it, and its run is about to be removed. It cannot be redriven.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._histories = Histories(database)
        self._select_children = database.sql(
            f"SELECT {EXECUTION_NAMES} FROM execution WHERE root_execution = ? "
            "AND COALESCE(shipped_at, 0) <> ? AND id > ? ORDER BY id LIMIT ?"
        )
        self._select_child = database.sql(
            "SELECT 1 FROM execution WHERE root_execution = ? LIMIT 1"
        )
        self._select_steps = database.sql(
            f"SELECT {', '.join(StepRow._fields)} FROM operation "
            "WHERE execution_id = ? AND number > ? ORDER BY number LIMIT ?"
        )
        self._select_map_runs = database.sql(
            f"SELECT {', '.join(MapRunRow._fields)} FROM map_run "
            "WHERE execution_id = ? AND id > ? ORDER BY id LIMIT ?"
        )
        self._close = database.sql(
            "UPDATE execution SET shipped_at = ? WHERE id = ? AND events = ? AND ended_at = ?"
        )
        self._select_place = database.sql("SELECT value FROM counter WHERE name = ?")
        self._update_place = database.sql("UPDATE counter SET value = ? WHERE name = ?")
        self._insert_place = database.sql("INSERT INTO counter (name, value) VALUES (?, ?)")

    def ended(self, execution_ids: Sequence[str]) -> list[EndedRun]:
        """Those of the runs that have ended and whose record is open, the longest ended first."""
        if not execution_ids:
            return []
        statement = self._db.sql(
            f"SELECT {', '.join(EndedRun._fields)} FROM execution WHERE ended_at IS NOT NULL "
            f"AND shipped_at IS NULL AND id IN ({', '.join('?' * len(execution_ids))}) "
            "ORDER BY ended_at, id"
        )
        rows = self._db.execute(statement, tuple(execution_ids)).fetchall()
        return [EndedRun._make(values) for values in rows]

    def has_children(self, execution_id: str) -> bool:
        """Whether a run has children of Map Runs that are executions of their own."""
        return self._db.execute(self._select_child, (execution_id,)).fetchone() is not None

    def children(self, run: EndedRun, after: str, limit: int) -> list[ExecutionRow]:
        """Those of them by id, however deep, whose records were not closed with the run's end."""
        key = (run.id, run.ended_at, after, limit)
        rows = self._db.execute(self._select_children, key).fetchall()
        return [execution_from(values) for values in rows]

    def steps(self, execution_id: str, after: int, limit: int) -> list[StepRow]:
        """Operations of a run, and of its Map Runs' children, by number."""
        rows = self._db.execute(self._select_steps, (execution_id, after, limit)).fetchall()
        return [StepRow._make(values) for values in rows]

    def events(self, execution_id: str, after: int, limit: int) -> list[HistoryEvent]:
        return self._histories.forward(execution_id, after + 1, limit)

    def map_runs(self, execution_id: str, after: str, limit: int) -> list[MapRunRow]:
        """The Map Runs of a run and of its children, by id."""
        rows = self._db.execute(self._select_map_runs, (execution_id, after, limit)).fetchall()
        return [MapRunRow._make(values) for values in rows]

    def close(self, runs: Sequence[EndedRun], now: int) -> list[str]:
        """Close the records of runs that are still as they were read; the ids of those."""
        with self._db.transaction():
            return [
                run.id
                for run in sorted(runs)
                if self._db.execute(self._close, (now, run.id, run.events, run.ended_at)).rowcount
            ]

    def close_children(self, run: EndedRun, children: Sequence[ExecutionRow]) -> None:
        """Close the records of children of a run, as of its end: a redrive opens them again."""
        if not children:
            return
        with self._db.transaction():
            for child in sorted(children):
                self._db.execute(
                    self._close, (run.ended_at, child.id, child.events, child.ended_at)
                )

    def place(self, run: EndedRun) -> int:
        """How many steps and events of a large run were handed over before, steps first."""
        found = self._db.execute(self._select_place, (_place_name(run),)).fetchone()
        return 0 if found is None else int(found[0])

    def keep_place(self, run: EndedRun, place: int) -> None:
        """TransactionConflict where somebody else did the same for the first time."""
        with self._db.transaction():
            if self._db.execute(self._update_place, (place, _place_name(run))).rowcount:
                return
            try:
                self._db.execute(self._insert_place, (_place_name(run), place))
            except UniqueViolation as known:
                raise TransactionConflict(f"{run.id} is shipped by another one too") from known


def _place_name(run: EndedRun) -> str:
    """Another one once the run has been redriven."""
    return f"{PLACE}{run.id}.{run.events}"
