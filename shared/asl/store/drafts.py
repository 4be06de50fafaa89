"""Rows and texts as they are first written: an operation, a request, the events of a history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asl.language import jsontext
from asl.language.document import Document
from asl.language.effects import Call, ReadItems, Record, ServiceCall, WriteResults
from asl.store.rows import Awaiting, ExecutionRow, OperationRow, Status, replace


def first_operation(
    execution: ExecutionRow, number: int, state: str, input_: Document, now: int
) -> OperationRow:
    """The row of a state that is entered next, ready to be claimed."""
    values: dict[str, Any] = {
        "execution_id": execution.id,
        "number": number,
        "state": state,
        "input": input_.text,
        "created_at": now,
        "due_at": now,
    }
    return replace(BLANK, **values)


BLANK = OperationRow(
    execution_id="", number=0, parent=0, branch=0, parent_round=0, opens=True, ends=False,
    state="", type="", status=Status.PENDING, awaiting=Awaiting.NOTHING, due_at=None, fence=0,
    attempt=1, counters="[]", input="{}", variables="{}", output=None, error=None, cause=None,
    request=None, token=None, deadline=None, heartbeat=None, call_id=None, round=0, pending=0,
    opened=0, released=0, total=0, first_child=0, items=None, previous_event=0, entered_event=0,
    last_event=0, created_at=0, entered_at=None, ended_at=None,
)  # fmt: skip


def request_text(call: Call, row: OperationRow) -> str:
    """What is needed to make a call again; the payload only where it is not the state's input."""
    request = call.request
    kept: dict[str, Any] = {
        "app": request.app,
        "function": request.function,
        "dialect": request.dialect.value,
    }
    if request.payload.text != row.input:
        kept["payload"] = request.payload.value
    return jsontext.dumps(kept)


def service_request_text(call: ServiceCall) -> str:
    """What is needed to make a service call again."""
    return jsontext.dumps(
        {
            "service": call.service,
            "action": call.action,
            "pattern": call.pattern.value,
            "arguments": call.arguments.value,
        }
    )


def history_text(records: Sequence[Record]) -> str:
    return jsontext.dumps([[r.type, r.previous, r.at, r.details] for r in records])


def read_request_text(asked: ReadItems) -> str:
    """What is needed to read the same items again."""
    return jsontext.dumps(
        {"read": asked.request.as_json(), "cursor": asked.cursor, "limit": asked.limit}
    )


def write_request_text(asked: WriteResults) -> str:
    """What is needed to write the same results again."""
    return jsontext.dumps(
        {"write": asked.request.as_json(), "after": asked.after, "files": asked.files}
    )
