"""What must hold of the history of every run: results, retries and ends in their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from asl.language import jsontext
from asl.store.rows import ENDED

SCHEDULED = ("TaskScheduled", "ActivityScheduled", "LambdaFunctionScheduled")
FAILED = tuple(
    f"{kind}{end}"
    for kind in ("Task", "Activity", "LambdaFunction")
    for end in ("Failed", "TimedOut", "StartFailed", "SubmitFailed", "ScheduleFailed")
)
SUCCEEDED = ("TaskSucceeded", "ActivitySucceeded", "LambdaFunctionSucceeded")
TERMINAL = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
REDRIVEN = "ExecutionRedriven"

Row = dict[str, Any]


def check_history_rules(execution: Row, rows: Iterable[Row]) -> None:
    """A result has a schedule before it, and there is one for each; a retry follows a failure;
    the end is last, unless the run was redriven.
    """
    by_operation: dict[int, list[str]] = defaultdict(list)
    kinds: list[str] = []
    for row in sorted(rows, key=lambda row: int(row["first"])):
        for kind, *_ in jsontext.loads(row["events"]):
            kinds.append(kind)
            by_operation[row["operation"]].append(kind)
    _check_end(execution, kinds)
    for number, own in by_operation.items():
        _check_attempts(f"{execution['id']}.{number}", own, REDRIVEN in kinds)


def _check_end(execution: Row, kinds: Sequence[str]) -> None:
    for position, kind in enumerate(kinds):
        if kind in TERMINAL:
            last = position == len(kinds) - 1
            assert last or kinds[position + 1] == REDRIVEN, f"{execution['id']}: {kind} is not last"
    if kinds and kinds[-1] in TERMINAL:
        assert execution["status"] in ENDED, f"{execution['id']} goes on after {kinds[-1]}"


def _check_attempts(operation: str, kinds: Sequence[str], was_redriven: bool) -> None:
    is_open, may_schedule = False, True
    for kind in kinds:
        if kind in SCHEDULED:
            assert not is_open or was_redriven, f"{operation} was scheduled twice"
            assert may_schedule or was_redriven, f"{operation} was retried without a failure"
            is_open, may_schedule = True, False
        elif kind in SUCCEEDED or kind in FAILED:
            assert is_open or kind in FAILED, f"{operation} has a {kind} without a schedule"
            assert not may_schedule or kind in FAILED, f"{operation} has two results"
            is_open, may_schedule = False, kind in FAILED
