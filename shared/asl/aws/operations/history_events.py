"""How events of the history look from outside: the one table of their details."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asl.aws.payloads import shown
from asl.language.jsontext import compact
from asl.language.scope import Json
from asl.store.histories import HistoryEvent, OperationData
from asl.store.rows import ExecutionRow

WITHOUT_DETAILS = frozenset(
    (
        "LambdaFunctionStarted",
        "MapRunAborted", "MapRunSucceeded",
        "MapStateAborted", "MapStateFailed", "MapStateSucceeded",
        "ParallelStateAborted", "ParallelStateFailed",
        "ParallelStateStarted", "ParallelStateSucceeded",
        "TaskStateAborted", "WaitStateAborted",
    )
)  # fmt: skip
"""Types of which AWS shows nothing but that they happened."""

EXECUTION_DATA = frozenset(
    (
        "input", "inputDetails", "output", "outputDetails", "parameters",
        "assignedVariables", "assignedVariablesDetails",
    )
)  # fmt: skip
WHOLE = {"truncated": False}


@dataclass(frozen=True, slots=True)
class Source:
    """Where details come from beside the event itself.

    started: role, alias and version of the run, for ExecutionStarted.
    """

    run: ExecutionRow
    region: str
    operations: Mapping[int, OperationData]
    started: Mapping[str, str] = field(default_factory=dict)


def view(event: HistoryEvent, source: Source, *, include_data: bool) -> dict[str, Any]:
    """One event as GetExecutionHistory answers it."""
    answer: dict[str, Any] = {
        "timestamp": event.at / 1000,
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous,
    }
    if event.type not in WITHOUT_DETAILS:
        details = _details(event, source)
        if not include_data:
            details = {k: v for k, v in details.items() if k not in EXECUTION_DATA}
        answer[details_name(event.type)] = details
    return answer


def details_name(type_: str) -> str:
    """The member that holds the details of a type; all states share those of entry and exit."""
    for ending in ("StateEntered", "StateExited"):
        if type_.endswith(ending):
            type_ = ending
    return f"{type_[0].lower()}{type_[1:]}EventDetails"


def _details(event: HistoryEvent, source: Source) -> dict[str, Any]:
    for suffix, extra in _EXTRAS.items():
        if event.type.endswith(suffix):
            return extra(event, source) | _own(event.details)
    return _own(event.details)


def _own(details: Json) -> dict[str, Any]:
    """What was written down with the event, its data as JSON texts."""
    answer: dict[str, Any] = {}
    for name, value in (details or {}).items():
        answer |= _DATA[name](value) if name in _DATA else {name: value}
    return answer


def _input(value: Json) -> dict[str, Any]:
    return {"input": compact(value), "inputDetails": WHOLE}


def _output(value: Json) -> dict[str, Any]:
    return {"output": compact(value), "outputDetails": WHOLE}


def _parameters(value: Json) -> dict[str, Any]:
    return {"parameters": compact(value)}


def _assigned(values: dict[str, Json]) -> dict[str, Any]:
    texts = {name: compact(value) for name, value in values.items()}
    return {"assignedVariables": texts, "assignedVariablesDetails": WHOLE}


_DATA: dict[str, Callable[[Any], dict[str, Any]]] = {
    "input": _input,
    "output": _output,
    "parameters": _parameters,
    "assignedVariables": _assigned,
}


def _entered(event: HistoryEvent, source: Source) -> dict[str, Any]:
    operation = source.operations[event.operation]
    return {"name": operation.state, "input": shown(operation.input), "inputDetails": WHOLE}


def _exited(event: HistoryEvent, source: Source) -> dict[str, Any]:
    operation = source.operations[event.operation]
    output = shown(operation.output or "null")
    return {"name": operation.state, "output": output, "outputDetails": WHOLE}


def _execution_started(_event: HistoryEvent, source: Source) -> dict[str, Any]:
    return {"input": shown(source.run.input), "inputDetails": WHOLE, **source.started}


def _execution_succeeded(_event: HistoryEvent, source: Source) -> dict[str, Any]:
    return {"output": shown(source.run.output or "null"), "outputDetails": WHOLE}


def _region(_event: HistoryEvent, source: Source) -> dict[str, Any]:
    return {"region": source.region}


_EXTRAS: dict[str, Callable[[HistoryEvent, Source], dict[str, Any]]] = {
    "StateEntered": _entered,
    "StateExited": _exited,
    "ExecutionStarted": _execution_started,
    "ExecutionSucceeded": _execution_succeeded,
    "TaskScheduled": _region,
}
"""What the rows of run and operation hold, and the event does not, by the type's ending."""
