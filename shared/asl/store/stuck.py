"""What does not go on by itself, or should long have gone on: found by reason, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from asl.store.database import Database
from asl.store.rows import LIVE_LIST, RUNNING_LIST, Awaiting, Status

GRACE_MS = 60_000  # how late something may be before it counts as left behind
_EPOCH_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, of a ULID
_TIME_LENGTH = 10  # of a ULID's 26 characters


class Reason(StrEnum):
    NO_ANSWER = "no_answer"
    NO_WORKER = "no_worker"
    QUEUED = "queued"
    NOTHING_DUE = "nothing_due"
    TIME_OVER = "time_over"
    NOBODY_CAME = "nobody_came"
    LEASE_LAPSED = "lease_lapsed"


class Stuck(NamedTuple):
    """number: of the operation, 0 for the run itself. state: its state, or the run's queue.

    since: from when it has waited; due_at: when it was to go on, if that was known. Both in ms.
    """

    execution_id: str
    number: int
    state_machine_id: str
    state: str
    since: int
    due_at: int | None


class Key(NamedTuple):
    """The place of an item in the list of its reason."""

    moment: int
    execution_id: str
    number: int


START = Key(-1, "", -1)


@dataclass(frozen=True, slots=True)
class Times:
    """now; and before which something must have begun to wait to have waited too long."""

    now: int
    long_ago: int


def first_id_of(moment: int) -> str:
    """The text below which all ULIDs lie that were made before `moment` (ms)."""
    digits = ""
    for _ in range(_TIME_LENGTH):
        moment, digit = divmod(moment, len(_EPOCH_DIGITS))
        digits = _EPOCH_DIGITS[digit] + digits
    return digits


# The runs that are old enough are found by their ids, which begin with the time: a run in flight
# that began lately cannot have waited long. Ids are made on several machines, so nearly old enough
# will do; what counts is what their rows say. CROSS JOIN makes SQLite begin with the first table;
# a function around the id keeps it from reading all rows in the order of the ids.
_OLD_RUN = "e.root_execution IS NULL AND e.id < ?"
_NO_ANSWER = (
    "SELECT e.id, o.number, e.state_machine_id, o.state, o.entered_at AS since, o.due_at AS due "
    "FROM execution e "
    f"JOIN operation o ON o.execution_id = e.id WHERE e.status = '{Status.EXECUTING}' "
    f"AND {_OLD_RUN} AND (o.execution_id, o.number) > (?, ?) AND o.status = '{Status.WAITING}' "
    f"AND o.awaiting = '{Awaiting.CALLBACK}' AND o.due_at IS NULL AND o.entered_at <= ? "
    "ORDER BY e.id, o.number LIMIT ?"
)
_NO_WORKER = (
    "SELECT o.execution_id, o.number, e.state_machine_id, o.state, o.entered_at AS since, "
    "o.due_at AS due FROM operation o CROSS JOIN execution e WHERE o.activity IS NOT NULL "
    f"AND e.id = o.execution_id AND e.status = '{Status.EXECUTING}' "
    f"AND (COALESCE(o.execution_id, ''), o.number) > (?, ?) AND o.status = '{Status.WAITING}' "
    f"AND o.awaiting = '{Awaiting.WORKER}' AND o.entered_at <= ? "
    "ORDER BY COALESCE(o.execution_id, ''), o.number LIMIT ?"
)
_QUEUED = (
    "SELECT e.id, 0 AS number, e.state_machine_id, q.queue, "
    "COALESCE(e.redriven_at, e.created_at) AS since, e.due_at AS due "
    "FROM queue_entry q CROSS JOIN execution e WHERE e.id = q.execution_id AND q.admitted = ? "
    f"AND q.execution_id > ? AND e.status IN ({RUNNING_LIST}) "
    "AND COALESCE(e.redriven_at, e.created_at) <= ? "
    "ORDER BY q.execution_id LIMIT ?"
)
# Counted, because PostgreSQL makes a join over all operations of NOT EXISTS.
_NOTHING_DUE = (
    "SELECT e.id, 0 AS number, e.state_machine_id, '' AS state, "
    "COALESCE(e.redriven_at, e.created_at) AS since, e.due_at AS due "
    f"FROM execution e WHERE e.status IN ({RUNNING_LIST}) AND {_OLD_RUN} AND e.id > ? "
    "AND e.due_at IS NULL AND COALESCE(e.redriven_at, e.created_at) <= ? AND 0 = ("
    "SELECT COUNT(*) FROM operation o WHERE o.execution_id = e.id "
    f"AND o.status IN ({LIVE_LIST}) AND (o.due_at IS NOT NULL "
    f"OR o.awaiting IN ('{Awaiting.CALLBACK}', '{Awaiting.WORKER}'))) AND 0 = ("
    "SELECT COUNT(*) FROM queue_entry q WHERE q.execution_id = e.id AND q.admitted = ?) "
    "ORDER BY COALESCE(e.id, '') LIMIT ?"
)
_TIME_OVER = (
    "SELECT e.id, 0 AS number, e.state_machine_id, '' AS state, e.due_at AS since, e.due_at AS due "
    "FROM execution e "
    f"WHERE e.due_at <= ? AND (e.due_at, e.id) > (?, ?) AND e.status IN ({RUNNING_LIST}) "
    "ORDER BY e.due_at, e.id LIMIT ?"
)
_LEFT = (
    "SELECT o.execution_id, o.number, e.state_machine_id, o.state, "
    "o.due_at AS since, o.due_at AS due "
    "FROM operation o JOIN execution e ON e.id = o.execution_id "
    "WHERE o.due_at <= ? AND (o.due_at, o.execution_id, o.number) > (?, ?, ?) "
    f"AND o.status IN ({LIVE_LIST}) AND o.awaiting {{is_call}} '{Awaiting.RESULT}' "
    "ORDER BY o.due_at, o.execution_id, o.number LIMIT ?"
)
_STATEMENTS = {
    Reason.NO_ANSWER: _NO_ANSWER,
    Reason.NO_WORKER: _NO_WORKER,
    Reason.QUEUED: _QUEUED,
    Reason.NOTHING_DUE: _NOTHING_DUE,
    Reason.TIME_OVER: _TIME_OVER,
    Reason.NOBODY_CAME: _LEFT.replace("{is_call}", "<>"),
    Reason.LEASE_LAPSED: _LEFT.replace("{is_call}", "="),
}
_BY_DUE_TIME = frozenset({Reason.TIME_OVER, Reason.NOBODY_CAME, Reason.LEASE_LAPSED})


def _parameters(reason: Reason, times: Times, after: Key, limit: int) -> tuple[Any, ...]:
    """What the marks of a reason's statement stand for."""
    overdue, old = times.now - GRACE_MS, first_id_of(times.long_ago + GRACE_MS)
    _, execution_id, number = after
    if reason is Reason.NO_WORKER:
        return execution_id, number, times.long_ago, limit
    if reason is Reason.QUEUED:
        return False, execution_id, times.long_ago, limit
    if reason is Reason.NOTHING_DUE:
        return old, execution_id, times.long_ago, False, limit
    if reason is Reason.TIME_OVER:
        return overdue, after.moment, execution_id, limit
    if reason in _BY_DUE_TIME:
        return overdue, *after, limit
    return old, execution_id, number, times.long_ago, limit


class StuckList:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._select = {reason: database.sql(text) for reason, text in _STATEMENTS.items()}
        self._count = {
            reason: database.sql(f"SELECT COUNT(*) FROM ({text}) AS found")
            for reason, text in _STATEMENTS.items()
        }

    def page(self, reason: Reason, times: Times, limit: int, after: Key = START) -> Sequence[Stuck]:
        """Those of one reason; the longest waiting first, or by the age of their runs."""
        parameters = _parameters(reason, times, after, limit)
        return [Stuck._make(row) for row in self._db.execute(self._select[reason], parameters)]

    def count(self, reason: Reason, times: Times, most: int) -> int:
        """How many there are, counted as far as `most`."""
        parameters = _parameters(reason, times, START, most)
        return int(self._db.execute(self._count[reason], parameters).fetchone()[0])


def key_of(reason: Reason, item: Stuck) -> Key:
    """After which the next page begins."""
    moment = item.since if reason in _BY_DUE_TIME else 0
    return Key(moment, item.execution_id, item.number)
