"""Reading the history of a run, event by event, whatever commits they were written in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asl.language import jsontext
from asl.language.scope import Json
from asl.store.database import Database


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event. operation: number of the operation it belongs to, 0 for the run itself.

    at: ms since epoch. details: what the rows of operation and run do not hold.
    """

    id: int
    previous: int
    type: str
    at: int
    details: Json
    operation: int


@dataclass(frozen=True, slots=True)
class OperationData:
    """What the events of an operation show of its row: JSON texts."""

    state: str
    input: str
    output: str | None


class Histories:
    """Statements of their own; a row holds the events of one commit, ids from `first`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._forward = database.sql(
            "SELECT first, operation, events FROM history WHERE execution_id = ? AND first >= "
            "COALESCE((SELECT MAX(first) FROM history WHERE execution_id = ? AND first <= ?), 0) "
            "ORDER BY first LIMIT ?"
        )
        self._backward = database.sql(
            "SELECT first, operation, events FROM history WHERE execution_id = ? AND first <= ? "
            "ORDER BY first DESC LIMIT ?"
        )

    def forward(self, execution_id: str, start: int, count: int) -> list[HistoryEvent]:
        """At most `count` events from id `start` on."""
        rows = self._db.execute(self._forward, (execution_id, execution_id, start, count))
        return [event for event in _events(rows.fetchall()) if event.id >= start][:count]

    def backward(self, execution_id: str, start: int, count: int) -> list[HistoryEvent]:
        """At most `count` events from id `start` down."""
        rows = self._db.execute(self._backward, (execution_id, start, count)).fetchall()
        events = [event for event in reversed(_events(reversed(rows))) if event.id <= start]
        return events[:count]

    def operations(self, execution_id: str, numbers: Sequence[int]) -> dict[int, OperationData]:
        """What the events of these operations show of their rows, by number."""
        if not numbers:
            return {}
        marks = ", ".join("?" * len(numbers))
        statement = self._db.sql(
            "SELECT number, state, input, output FROM operation "
            f"WHERE execution_id = ? AND number IN ({marks})"
        )
        rows = self._db.execute(statement, (execution_id, *numbers)).fetchall()
        return {number: OperationData(*rest) for number, *rest in rows}


def _events(rows: Iterable[tuple[int, int, str]]) -> list[HistoryEvent]:
    return [
        HistoryEvent(first + index, previous, type_, at, details, operation)
        for first, operation, events in rows
        for index, (type_, previous, at, details) in enumerate(jsontext.loads(events))
    ]
