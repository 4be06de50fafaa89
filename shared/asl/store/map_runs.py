"""Map Runs: opened and ended by the transitions of their state, counted from their children."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asl.language import jsontext
from asl.language.map_run import ABORTED, RUNNING, MapRun, Tolerance
from asl.store.database import Database
from asl.store.rows import OperationRow, Status


class MapRunRow(NamedTuple):
    """One run; see `tables.MapRun`."""

    id: str
    execution_id: str
    operation: int
    round: int
    owner: str
    state_machine_id: str
    label: str
    express: bool
    status: str
    concurrency: int
    tolerated_count: int | None
    tolerated_percentage: float | None
    failed: int
    total: int | None
    counts: str | None
    started_at: int
    ended_at: int | None
    redrives: int | None = None
    redriven_at: int | None = None

    @property
    def is_exceeded(self) -> bool:
        """Whether more items have failed than the run bears."""
        tolerance = Tolerance(self.tolerated_count, self.tolerated_percentage)
        return tolerance.is_exceeded(self.failed, self.total)


class Counts(NamedTuple):
    """The children of a run, or their items, by what became of them."""

    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    aborted: int = 0

    @property
    def total(self) -> int:
        return sum(self)


_COLUMNS = ", ".join(f"`{name}`" for name in MapRunRow._fields)
_MARKS = ", ".join("?" * len(MapRunRow._fields))
_STARTED = f"(o.entered_event > 0 OR o.status <> '{Status.PENDING}')"
_BUCKET = (
    f"CASE WHEN o.status = '{Status.ABORTED}' THEN 'aborted' "
    f"WHEN o.ends AND o.status = '{Status.SUCCEEDED}' THEN 'succeeded' "
    f"WHEN o.ends AND o.error = '\"States.Timeout\"' THEN 'timed_out' "
    "WHEN o.ends THEN 'failed' "
    f"WHEN o.opens AND NOT {_STARTED} THEN 'pending' ELSE 'running' END"
)


class MapRuns:
    """The verbs that write want a transaction around them and the lock of the root execution."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._select = database.sql(f"SELECT {_COLUMNS} FROM map_run WHERE id = ?")
        self._insert = database.sql(f"INSERT INTO map_run ({_COLUMNS}) VALUES ({_MARKS})")
        self._of_owner = database.sql(
            f"SELECT {_COLUMNS} FROM map_run WHERE owner = ? AND (started_at < ? OR "
            "(started_at = ? AND id < ?)) ORDER BY started_at DESC, id DESC LIMIT ?"
        )
        self._end = database.sql(
            "UPDATE map_run SET status = ?, ended_at = ?, counts = ? "
            f"WHERE id = ? AND status = '{RUNNING}'"
        )
        self._note_total = database.sql("UPDATE map_run SET total = ? WHERE id = ?")
        self._add_failed = database.sql("UPDATE map_run SET failed = failed + ? WHERE id = ?")
        self._set_limits = database.sql(
            "UPDATE map_run SET concurrency = ?, tolerated_count = ?, tolerated_percentage = ? "
            f"WHERE id = ? AND status = '{RUNNING}'"
        )
        self._reopen = database.sql(
            f"UPDATE map_run SET status = '{RUNNING}', ended_at = NULL, counts = NULL, failed = 0, "
            "redrives = COALESCE(redrives, 0) + 1, redriven_at = ? WHERE id = ?"
        )
        self._running_of = database.sql(
            f"SELECT id FROM map_run WHERE execution_id = ? AND status = '{RUNNING}'"
        )
        # Of a child one row counts: that of its end, or else its newest one.
        self._count = database.sql(
            f"SELECT {_BUCKET} AS bucket, COUNT(*), SUM(COALESCE(o.weight, 1)) FROM operation o "
            "JOIN (SELECT branch, MAX(number) AS newest FROM operation WHERE execution_id = ? "
            "AND parent = ? AND parent > 0 AND parent_round = ? GROUP BY branch) AS last "
            "ON last.newest = o.number WHERE o.execution_id = ? GROUP BY bucket"
        )

    def find(self, id_: str) -> MapRunRow | None:
        values = self._db.execute(self._select, (id_,)).fetchone()
        return None if values is None else MapRunRow._make(values)

    def page(self, owner: str, per_page: int, before: tuple[int, str] | None) -> list[MapRunRow]:
        """The runs of an execution's states, newest first; before: start and id of the last."""
        started_at, id_ = before or (2**62, "")
        found = self._db.execute(self._of_owner, (owner, started_at, started_at, id_, per_page))
        return [MapRunRow._make(values) for values in found.fetchall()]

    def open(
        self, run: MapRun, row: OperationRow, owner: str, state_machine_id: str, now: int
    ) -> None:
        """The run of a state that is just entered or retried; `row` as it is from now on."""
        values = MapRunRow(
            id=run.id, execution_id=row.execution_id, operation=row.number, round=row.round,
            owner=owner, state_machine_id=state_machine_id, label=run.label, express=run.express,
            status=RUNNING, concurrency=run.concurrency, tolerated_count=run.tolerance.count,
            tolerated_percentage=run.tolerance.percentage, failed=0, total=None, counts=None,
            started_at=now, ended_at=None,
        )  # fmt: skip
        self._db.execute(self._insert, values)

    def end(self, id_: str, status: str, now: int) -> None:
        """One that has ended stays as it is; what it counts is counted for good."""
        run = self.find(id_)
        if run is not None and run.status == RUNNING:
            counts = jsontext.dumps([list(counts) for counts in self.counts(run)])
            self._db.execute(self._end, (status, now, counts, id_))

    def abort(self, ids: Sequence[str], now: int) -> None:
        for id_ in ids:
            self.end(id_, ABORTED, now)

    def reopen(self, id_: str, now: int) -> MapRunRow:
        """Let a run that has ended go on, as often as it may be; it as it is now."""
        self._db.execute(self._reopen, (now, id_))
        return MapRunRow._make(self._db.execute(self._select, (id_,)).fetchone())

    def running_of(self, execution_id: str) -> list[str]:
        """Ids of the runs that go on below an execution, however deep."""
        return [id_ for (id_,) in self._db.execute(self._running_of, (execution_id,)).fetchall()]

    def note_total(self, id_: str, total: int) -> None:
        """How many items there are in all, once that is known."""
        self._db.execute(self._note_total, (total, id_))

    def add_failed(self, id_: str, items: int) -> MapRunRow:
        """Count the items of a child that failed; the run as it is now."""
        self._db.execute(self._add_failed, (items, id_))
        return MapRunRow._make(self._db.execute(self._select, (id_,)).fetchone())

    def set_limits(self, run: MapRunRow) -> bool:
        """New limits for a run that goes on; False when it has ended."""
        parameters = (
            run.concurrency, run.tolerated_count, run.tolerated_percentage, run.id,
        )  # fmt: skip
        return bool(self._db.execute(self._set_limits, parameters).rowcount)

    def counts(self, run: MapRunRow) -> tuple[Counts, Counts]:
        """Its children, and their items, by what became of them so far.

        Items that no child has been given yet are counted by none, though they be in `total`.
        """
        if run.counts is not None:
            children, items = jsontext.loads(run.counts)
            return Counts(*children), Counts(*items)
        key = (run.execution_id, run.operation, run.round, run.execution_id)
        rows = self._db.execute(self._count, key).fetchall()
        return (
            Counts(**{bucket: int(count) for bucket, count, _ in rows}),
            Counts(**{bucket: int(items) for bucket, _, items in rows}),
        )


def pending_items(run: MapRunRow, items: Counts) -> int:
    """Items that wait: in children that have not begun, or in none yet."""
    return items.pending + max(0, (run.total or 0) - items.total)
