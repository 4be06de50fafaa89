"""The calls a runner waits for: made in threads, their operations held by lease meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from asl.language.events import ItemsRead, Raised, ResultsWritten, Returned
from asl.language.visiting import Outcome
from asl.store.due import Due
from asl.store.rows import OperationRow
from asl.store.whole_runs import WholeRun
from asl.usecases.broken import Broken

CallAnswer = Returned | Raised | ItemsRead | ResultsWritten | Outcome
Answer = CallAnswer | WholeRun | Broken


class CallsInFlight:
    """Threads make the calls; the database is used from the runner's own thread alone."""

    def __init__(self, due: Due, most: int) -> None:
        self._due = due
        self._most = most
        self._rows: dict[Future[Answer], OperationRow] = {}
        self._pool: ThreadPoolExecutor | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def is_full(self) -> bool:
        return len(self._rows) >= self._most

    def start(self, row: OperationRow, work: Callable[..., Answer], *arguments: Any) -> None:
        """Have `work` done for an operation."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="call")
        self._rows[self._pool.submit(work, *arguments)] = row

    def answered(self, seconds: float) -> list[tuple[OperationRow, Answer]]:
        """What was answered within `seconds`."""
        done, _ = wait(self._rows, timeout=seconds, return_when=FIRST_COMPLETED)
        return [(self._rows.pop(future), _answer(future)) for future in done]

    def renew(self, until: int) -> None:
        """Hold the operations of the calls that are out until `until` (ms)."""
        for row in self._rows.values():
            self._due.renew(row.execution_id, row.number, row.fence, until)

    def close(self) -> None:
        """All calls have been answered."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _answer(future: Future[Answer]) -> Answer:
    fault = future.exception()
    return Broken(fault) if isinstance(fault, Exception) else future.result()
