"""Taking an operation in hand: what it is, and which event it meets now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from asl.language import jsontext
from asl.language.document import Document
from asl.language.events import (
    Aborted,
    BranchFailed,
    Drained,
    Elapsed,
    Entered,
    Event,
    Joined,
    Retried,
    ThresholdExceeded,
    TimedOut,
)
from asl.language.limits import DATA_LIMIT
from asl.language.scope import Json
from asl.store.database import Database
from asl.store.map_children import MapChild, MapChildren
from asl.store.map_runs import MapRuns
from asl.store.rows import (
    LIVE,
    RUNNING,
    SELECT_EXECUTION,
    SELECT_OPERATION,
    Awaiting,
    ExecutionRow,
    OperationRow,
    Status,
    split_operation_id,
)

LARGEST_RESULT = 6 * DATA_LIMIT  # characters; escaped, a byte of UTF-8 may take six


@dataclass(frozen=True, slots=True)
class Claim:
    """An operation in hand, its run locked until the transaction ends.

    event: what it meets. None: a call was begun and its runner was lost; it is to be made again.
    child: the child of a Map Run that the operation belongs to; `execution` is its root then.
    """

    execution: ExecutionRow
    operation: OperationRow
    event: Event | None
    child: MapChild | None = None

    @property
    def run(self) -> ExecutionRow:
        """The execution whose history goes on."""
        return self.execution if self.child is None else self.child.row

    @property
    def is_express_child(self) -> bool:
        return self.child is not None and self.child.express

    def meets(self, event: Event | None) -> Claim:
        return Claim(self.execution, self.operation, event, self.child)


def text_or_none(text: str | None) -> str | None:
    """A stored error or cause: JSON text of a string, or NULL."""
    return None if text is None else str(jsontext.loads(text))


def json_or_none(value: str | None) -> str | None:
    return None if value is None else jsontext.dumps(value)


class Claims:
    """Reads runs and operations under lock. Every verb wants a transaction around it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._map_runs = MapRuns(database)
        self._map_children = MapChildren(database)
        self._select_execution = database.sql(SELECT_EXECUTION)
        self._select_operation = database.sql(SELECT_OPERATION)
        self._select_outputs = database.sql(
            "SELECT branch, output, last_event FROM operation WHERE execution_id = ? "
            "AND parent = ? AND parent > 0 AND parent_round = ? AND ends = ? "
            f"AND status = '{Status.SUCCEEDED}' ORDER BY branch"
        )

    def claim(self, operation_id: str, now: int) -> Claim | None:
        """The operation, if it is live and due; None: it is not there, not due or not ours."""
        held = self.locked(operation_id)
        if held is None:
            return None
        row = held.operation
        if row.status not in LIVE or row.due_at is None or row.due_at > now:
            return None
        return held.meets(self._event(row, now))

    def reclaim(self, operation_id: str, fence: int, event: Event) -> Claim | None:
        """The operation whose call we made, if nobody has taken it over since."""
        held = self.locked(operation_id)
        if held is None:
            return None
        row = held.operation
        if row.fence != fence or row.status != Status.EXECUTING:
            return None
        return held.meets(event)

    def locked(self, operation_id: str) -> Claim | None:
        """Run and operation; the run first, always, so that two transactions cannot deadlock."""
        key = split_operation_id(operation_id)
        if key is None:
            return None
        execution = self.lock_execution(key[0])
        if execution is None or execution.status not in RUNNING:
            return None
        values = self._db.execute(self._select_operation, key).fetchone()
        if values is None:
            return None
        row = OperationRow._make(values)
        return Claim(execution, row, None, self._map_children.of(execution, row))

    def exists(self, execution_id: str, number: int) -> bool:
        """Whether there is such an operation, ended or not."""
        key = (execution_id, number)
        return self._db.execute(self._select_operation, key).fetchone() is not None

    def lock_execution(self, execution_id: str) -> ExecutionRow | None:
        values = self._db.execute(self._select_execution, (execution_id,)).fetchone()
        return None if values is None else ExecutionRow(*values)

    def _event(self, row: OperationRow, now: int) -> Event | None:
        if row.entered_event == 0:
            return Entered()
        return self._EVENTS[Awaiting(row.awaiting)](self, row, now)

    def _elapsed(self, _row: OperationRow, _now: int) -> Event:
        return Elapsed()

    def _retried(self, _row: OperationRow, _now: int) -> Event:
        return Retried()

    def _lost_call(self, row: OperationRow, now: int) -> Event | None:
        return TimedOut() if row.deadline is not None and row.deadline <= now else None

    def _callback_late(self, row: OperationRow, now: int) -> Event:
        return TimedOut(heartbeat=row.deadline is None or row.deadline > now)

    def _no_worker(self, _row: OperationRow, _now: int) -> Event | None:
        return None  # an offered Task waits for its worker, however long

    def _child(self, row: OperationRow, now: int) -> Event | None:
        """Not ours to say: whoever claims it looks whether the child has ended."""
        return TimedOut() if row.deadline is not None and row.deadline <= now else None

    def _joined(self, row: OperationRow, _now: int) -> Event:
        if row.map_run_id is not None:
            return self._children_ended(row, row.map_run_id)
        if row.opened < row.total:
            items = None if row.items is None else Document.read(row.items)
            return Drained(row.opened, items)
        key = (row.execution_id, row.number, row.round, True)
        found: Sequence[tuple[int, str, int]] = self._db.execute(
            self._select_outputs, key
        ).fetchall()
        outputs = [Document.read(output) for _, output, _ in found]
        return Joined(outputs, max(last for _, _, last in found))

    def _children_ended(self, row: OperationRow, map_run_id: str) -> Event:
        """Those of a Map Run; more outputs than a state's result may hold are not read."""
        if row.opened < row.total:
            return Drained(row.opened, None)
        run = self._map_runs.find(map_run_id)
        if run is not None and run.is_exceeded:
            return ThresholdExceeded()
        key = (row.execution_id, row.number, row.round, True)
        outputs: list[Document] = []
        size = 0
        for _, output, _ in self._db.execute(self._select_outputs, key):
            if output is not None and size <= LARGEST_RESULT:
                outputs.append(Document.read(output))
                size += len(output)
        return Joined(outputs, 0)

    def _branch_failed(self, row: OperationRow, _now: int) -> Event:
        if row.map_run_id is not None:
            return ThresholdExceeded()
        failure: Json = jsontext.loads(row.request or "{}")
        aborted = [Aborted(*entry) for entry in failure.pop("aborted")]
        return BranchFailed(**failure, aborted=aborted)

    _EVENTS: ClassVar[dict[Awaiting, Callable[[Claims, OperationRow, int], Event | None]]] = {
        Awaiting.TIME: _elapsed,
        Awaiting.RETRY: _retried,
        Awaiting.RESULT: _lost_call,
        Awaiting.CALLBACK: _callback_late,
        Awaiting.WORKER: _no_worker,
        Awaiting.CHILD: _child,
        Awaiting.BRANCHES: _joined,
        Awaiting.FAILURE: _branch_failed,
    }
