"""How stored things look from outside: snake_case JSON, RFC 3339 times, names of Fn's own API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asl.language import jsontext, timestamps
from asl.language.errors import Diagnostic
from asl.store.claims import text_or_none
from asl.store.rows import ENDED, ExecutionRow, OperationRow, Status, operation_id
from asl.store.tables import StateMachine
from asl.usecases.tracing import trace_id


def time_or_none(moment: int | None) -> str | None:
    return None if moment is None else timestamps.format(moment)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: an absent field says it."""
    return {name: value for name, value in values.items() if value is not None}


def json_or_none(text: str | None) -> Any:
    return None if text is None else jsontext.loads(text)


def execution_summary(row: ExecutionRow, machine_name: str | None) -> dict[str, Any]:
    """What `invoke`, `stop` and the list of executions answer."""
    view = present(
        {
            "execution": row.id,
            "name": row.name,
            "state_machine": machine_name or row.state_machine_id,
            "version": row.version,
            "status": row.status,
            "namespace": row.namespace or None,
            "queue": row.queue or None,
            "trace_id": trace_id(row.trace),
            "created_at": time_or_none(row.created_at),
            "started_at": time_or_none(row.started_at),
            "ended_at": time_or_none(row.ended_at),
            "redrives": row.redrives,
            "redriven_at": time_or_none(row.redriven_at),
        }
    )
    if row.status in ENDED:
        view |= outcome(row)
    return view


def outcome(row: ExecutionRow) -> dict[str, Any]:
    if row.status == Status.SUCCEEDED:
        return {"output": json_or_none(row.output)}
    return present({"error": text_or_none(row.error), "cause": text_or_none(row.cause)})


def execution_whole(row: ExecutionRow, machine_name: str | None) -> dict[str, Any]:
    return execution_summary(row, machine_name) | {"input": json_or_none(row.input)}


def step(row: OperationRow, type_: str | None) -> dict[str, Any]:
    """One line of `steps`. output is there once the step has one; parent and index in a branch.

    type_: of the state, for one that was not entered.
    """
    view = present(
        {
            "id": row.id,
            "state": row.state,
            "type": row.type or type_,
            "status": row.status,
            "attempt": row.attempt,
            "created_at": time_or_none(row.created_at),
            "started_at": time_or_none(row.entered_at),
            "ended_at": time_or_none(row.ended_at),
            "error": text_or_none(row.error),
            "cause": text_or_none(row.cause),
            "parent": operation_id(row.execution_id, row.parent) if row.parent else None,
            "index": row.branch if row.parent else None,
            "call_id": row.call_id,
        }
    )
    view["input"] = json_or_none(row.input)
    if row.output is not None:
        view["output"] = json_or_none(row.output)
    return view


def machine(row: StateMachine) -> dict[str, Any]:
    """One machine as `list` shows it."""
    return present(
        {
            "id": row.id,
            "name": row.name,
            "type": row.type,
            "version": row.active_version,
            "retention_days": row.retention_days,
            "tags": json_or_none(row.tags) or None,
            "created_at": time_or_none(row.created_at),
            "updated_at": time_or_none(row.updated_at),
        }
    )


def diagnostic(fault: Diagnostic) -> dict[str, str]:
    """One fault or warning of a definition."""
    view = {"severity": fault.severity, "code": fault.code, "message": fault.message}
    return view | ({"location": fault.location} if fault.location else {})
