"""The rows of the hot path as frozen values, and the statements that read and write them whole.

Statements are built once here; the ORM is for the queries of people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar


class Status(StrEnum):
    """Of an execution or an operation. Waiting is an operation's alone."""

    PENDING = "Pending"
    EXECUTING = "Executing"
    WAITING = "Waiting"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    ABORTED = "Aborted"


LIVE = (Status.PENDING, Status.EXECUTING, Status.WAITING)
LIVE_LIST = ", ".join(f"'{status}'" for status in LIVE)  # as SQL
RUNNING = (Status.PENDING, Status.EXECUTING)  # of an execution
RUNNING_LIST = ", ".join(f"'{status}'" for status in RUNNING)
ENDED = (Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.ABORTED)
ENDED_LIST = ", ".join(f"'{status}'" for status in ENDED)


class Awaiting(StrEnum):
    """What an operation that was entered waits for, or which event woke it."""

    NOTHING = ""
    RESULT = "result"
    CALLBACK = "callback"
    WORKER = "worker"
    CHILD = "child"
    QUEUE = "queue"
    TIME = "time"
    RETRY = "retry"
    BRANCHES = "branches"
    FAILURE = "failure"


class ExecutionRow(NamedTuple):
    """What a transition reads of its run, and writes."""

    id: str
    state_machine_id: str
    version: int
    name: str
    namespace: str
    queue: str
    status: str
    input: str
    output: str | None
    error: str | None
    cause: str | None
    retention_days: int | None
    trace: str
    events: int
    operations: int
    created_at: int
    started_at: int | None
    ended_at: int | None
    due_at: int | None
    parent_execution: str | None = None
    parent_operation: int | None = None
    published: int | None = None
    alias: str | None = None
    root_execution: str | None = None
    map_run_id: str | None = None
    label: str | None = None
    redrives: int | None = None
    redriven_at: int | None = None
    redrive_token: str | None = None
    shipped_at: int | None = None


class OperationRow(NamedTuple):
    """One operation; see `tables.Operation`. error is the JSON text of a string or null."""

    execution_id: str
    number: int
    parent: int
    branch: int
    parent_round: int
    opens: bool
    ends: bool
    state: str
    type: str
    status: str
    awaiting: str
    due_at: int | None
    fence: int
    attempt: int
    counters: str
    input: str
    variables: str
    output: str | None
    error: str | None
    cause: str | None
    request: str | None
    token: str | None
    deadline: int | None
    heartbeat: int | None
    call_id: str | None
    round: int
    pending: int
    opened: int
    released: int
    total: int
    first_child: int
    items: str | None
    previous_event: int
    entered_event: int
    last_event: int
    created_at: int
    entered_at: int | None
    ended_at: int | None
    activity: str | None = None
    child_execution: str | None = None
    weight: int | None = None
    map_run_id: str | None = None

    @property
    def id(self) -> str:
        return operation_id(self.execution_id, self.number)


def operation_id(execution_id: str, number: int) -> str:
    """The public id of an operation: its run's, and its number in it."""
    return f"{execution_id}.{number}"


def split_operation_id(text: str) -> tuple[str, int] | None:
    """Execution id and number, or None when the text is no operation's id.

    One operation has one id: no sign, no leading zero, no digits but ASCII's.
    """
    found = _OPERATION_ID.fullmatch(text)
    return None if found is None else (found[1], int(found[2]))


_OPERATION_ID = re.compile(r"([0-9A-Za-z]{26})\.([1-9][0-9]{0,8})")

EXECUTION_COLUMNS = ExecutionRow._fields
OPERATION_COLUMNS = OperationRow._fields
MUTABLE_COLUMNS = OPERATION_COLUMNS[OPERATION_COLUMNS.index("ends") :]
UNCHANGING = frozenset({"state", "input", "variables", "created_at", "child_execution", "weight"})
SAVED_COLUMNS = tuple(name for name in MUTABLE_COLUMNS if name not in UNCHANGING)


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


EXECUTION_NAMES = _names(EXECUTION_COLUMNS)  # as SQL
OPERATION_NAMES = _names(OPERATION_COLUMNS)


def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({_names(columns)}) VALUES ({marks})"


SELECT_EXECUTION = f"SELECT {EXECUTION_NAMES} FROM execution WHERE id = ? FOR UPDATE"
SELECT_OPERATION = f"SELECT {OPERATION_NAMES} FROM operation WHERE execution_id = ? AND number = ?"
INSERT_EXECUTION = _insert("execution", EXECUTION_COLUMNS)
INSERT_OPERATION = _insert("operation", OPERATION_COLUMNS)
UPDATE_OPERATION = (
    "UPDATE operation SET "
    + ", ".join(f"`{name}` = ?" for name in SAVED_COLUMNS)
    + " WHERE execution_id = ? AND number = ? AND fence = ?"
)


_saved: Callable[[OperationRow], tuple[Any, ...]] = itemgetter(
    *(OPERATION_COLUMNS.index(name) for name in SAVED_COLUMNS)
)

Row = TypeVar("Row", ExecutionRow, OperationRow)


def replace(row: Row, **changes: Any) -> Row:
    """The row with some columns changed."""
    return row._replace(**changes)


def execution_from(values: Any) -> ExecutionRow:
    return ExecutionRow._make(values)


def operation_from(values: Any) -> OperationRow:
    return OperationRow._make(values)


def update_values(row: OperationRow, fence: int) -> tuple[Any, ...]:
    """The parameters of UPDATE_OPERATION."""
    return (*_saved(row), row.execution_id, row.number, fence)
