"""GetExecutionHistory: what a run has done, event by event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asl.aws.call import Call
from asl.aws.operations.history_events import Source, details_name, view
from asl.aws.operations.listings import started_through
from asl.aws.targets import find_run
from asl.store.histories import HistoryEvent
from asl.store.rows import ExecutionRow
from asl.store.tables import StateMachine


def get_execution_history(call: Call) -> dict[str, Any]:
    """A page of events; in reverse the ids stay what they are (recorded)."""
    row, machine = find_run(call, call.members["executionArn"])
    events = _events(call, row)
    source = _source(call, row, machine, events)
    include_data = call.members.get("includeExecutionData", True)

    redactor = call.services.redactor

    def show(event: HistoryEvent) -> dict[str, Any]:
        told = replace(event, details=redactor.details(event.details))
        return view(told, source, include_data=include_data)

    return call.page("events", events, lambda event: str(event.id), show)


def _events(call: Call, row: ExecutionRow) -> list[HistoryEvent]:
    """One more than a page holds."""
    histories, last, count = call.store.histories, call.page_number, call.page_size + 1
    if call.members.get("reverseOrder"):
        start = row.events if last is None else last - 1
        return histories.backward(row.id, start, count)
    return histories.forward(row.id, 1 if last is None else last + 1, count)


def _source(
    call: Call, row: ExecutionRow, machine: StateMachine, events: list[HistoryEvent]
) -> Source:
    of_states = {e.operation for e in events if details_name(e.type).startswith("state")}
    started: dict[str, str] = {}
    if any(event.id == 1 for event in events):
        role = call.services.role_arn(row.state_machine_id, row.version)
        started = {"roleArn": role, **started_through(call, machine, row)}
    operations = call.store.histories.operations(row.root_execution or row.id, sorted(of_states))
    redactor = call.services.redactor
    told = {
        number: replace(
            data, input=redactor.text(data.input), output=redactor.text_or_none(data.output)
        )
        for number, data in operations.items()
    }
    return Source(redactor.row(row), call.services.settings.aws_region, told, started)
