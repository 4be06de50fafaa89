"""Express runs: written down whole, in one transaction, when they have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asl.language.effects import Record
from asl.language.events import Entered
from asl.store.claims import Claim, Claims
from asl.store.commits import Commits
from asl.store.database import Database
from asl.store.errors import NameTaken, UniqueViolation
from asl.store.rows import (
    INSERT_EXECUTION,
    INSERT_OPERATION,
    Awaiting,
    ExecutionRow,
    OperationRow,
)


@dataclass(frozen=True, slots=True)
class WholeRun:
    """All that is written of a run: its row, its operations, its history by operation."""

    execution: ExecutionRow
    operations: Sequence[OperationRow]
    history: Sequence[tuple[int, Sequence[Record]]]


class WholeRuns:
    """Every verb is one transaction of its own, but `begin`, which wants one around it."""

    def __init__(self, database: Database, claims: Claims, commits: Commits) -> None:
        self._db = database
        self._claims = claims
        self._commits = commits
        self._insert_execution = database.sql(INSERT_EXECUTION)
        self._insert_operation = database.sql(INSERT_OPERATION)
        self._begin = database.sql(
            "UPDATE operation SET status = 'Executing', awaiting = ?, fence = fence + 1, "
            "due_at = ?, entered_event = 1 WHERE execution_id = ? AND number = ? AND fence = ?"
        )
        self._forget = database.sql("DELETE FROM operation WHERE execution_id = ?")
        self._forget_history = database.sql(
            "DELETE FROM history WHERE execution_id = ? AND first = 1"
        )

    def begin(self, claim: Claim, until: int) -> int:
        """Take an accepted run in hand; the fence under which it may be completed."""
        row = claim.operation
        self._db.execute(
            self._begin, (Awaiting.RESULT, until, row.execution_id, row.number, row.fence)
        )
        return row.fence + 1

    def complete(self, run: WholeRun, operation_id: str, fence: int) -> bool:
        """Write an accepted run down, in place of what stood for it; False: it is not ours."""
        with self._db.transaction():
            claim = self._claims.reclaim(operation_id, fence, Entered())
            if claim is None:
                return False
            self._db.execute(self._forget, (run.execution.id,))
            self._db.execute(self._forget_history, (run.execution.id,))
            self._commits.save_execution(run.execution)
            self._write(run)
        return True

    def record(self, run: WholeRun) -> None:
        """Write down a run that was never accepted: its caller waited for its end.

        NameTaken: there is a run of this name already.
        """
        with self._db.transaction():
            try:
                self._db.execute(self._insert_execution, run.execution)
            except UniqueViolation as taken:
                raise NameTaken(run.execution.name) from taken
            self._write(run)

    def _write(self, run: WholeRun) -> None:
        for row in run.operations:
            self._db.execute(self._insert_operation, row)
        for number, records in run.history:
            self._commits.append_history(run.execution.id, number, records)
