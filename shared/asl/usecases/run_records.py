"""What is told of an ended run to a log store: a line of JSON for each thing that is known of it.

The line of the execution comes last: where it is, the others are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from asl.language import jsontext, timestamps
from asl.remote.log_sinks.sink import LogRecord
from asl.store.claims import text_or_none
from asl.store.histories import HistoryEvent
from asl.store.map_runs import MapRunRow
from asl.store.rows import ExecutionRow, Status, operation_id
from asl.store.shipping import StepRow
from asl.usecases.express_names import shown_name
from asl.usecases.services import Services
from asl.usecases.steps import type_of
from asl.usecases.tracing import trace_id
from asl.usecases.views import present, time_or_none

PAGE = 20  # rows in memory at a time, each of which may have more than a megabyte
FAILURES = (Status.FAILED, Status.TIMED_OUT)


class RunRecords:
    """The records of one run, and of its Map Runs' children."""

    def __init__(self, services: Services, run: ExecutionRow) -> None:
        self._services = services
        self._store = services.store.shipping
        self._redactor = services.redactor
        self._machine = services.machine_name(run.state_machine_id)
        self._run = run

    def steps_and_events(self, place: int) -> Iterator[tuple[int, LogRecord]]:
        """What comes after that many steps and events, each with the place that it ends at."""
        steps = self._run.operations
        for row in self._steps(min(place, steps)):
            yield row.number, self._step(row)
        for event in self._events(max(0, place - steps)):
            yield steps + event.id, self._event(self._run, event)

    def of_child(self, child: ExecutionRow) -> Iterator[LogRecord]:
        """A child's own; its steps are the run's."""
        after = 0
        while events := self._store.events(child.id, after, PAGE):
            yield from (self._event(child, event) for event in events)
            after = events[-1].id
        yield self._execution(child)

    def closing(self) -> Iterator[LogRecord]:
        """The Map Runs, and the execution itself."""
        after = ""
        while runs := self._store.map_runs(self._run.id, after, PAGE):
            yield from (self._map_run(run) for run in runs)
            after = runs[-1].id
        yield self._execution(self._run)

    def _steps(self, after: int) -> Iterator[StepRow]:
        while rows := self._store.steps(self._run.id, after, PAGE):
            yield from rows
            after = rows[-1].number

    def _events(self, after: int) -> Iterator[HistoryEvent]:
        while events := self._store.events(self._run.id, after, PAGE):
            yield from events
            after = events[-1].id

    def _execution(self, run: ExecutionRow) -> LogRecord:
        of_child = {"parent_execution": run.root_execution or run.parent_execution}
        told = present(
            of_child
            | {
                "name": shown_name(run.name),
                "status": run.status,
                "version": run.version,
                "published_version": run.published,
                "alias": run.alias,
                "tags": None if run.root_execution else self._tags(),
                "namespace": run.namespace or None,
                "queue": run.queue or None,
                "map_run": run.map_run_id,
                "created_at": time_or_none(run.created_at),
                "started_at": time_or_none(run.started_at),
                "ended_at": time_or_none(run.ended_at),
                "redrives": run.redrives,
                "steps": None if run.root_execution else run.operations,
                "events": run.events,
                "trace_id": trace_id(run.trace),
                "error": text_or_none(run.error),
                "cause": self._redactor.message(text_or_none(run.cause)),
            }
        ) | self._payloads(run)
        failed = run.status in FAILURES
        return self._record("execution", run, run.ended_at or run.created_at, told, failed=failed)

    def _step(self, row: StepRow) -> LogRecord:
        run = self._run
        told = present(
            {
                "step": operation_id(run.id, row.number),
                "child_execution": row.child_execution,
                "state": row.state,
                "type": row.type or self._type(row.state),
                "status": row.status,
                "attempt": row.attempt,
                "parent": operation_id(run.id, row.parent) if row.parent else None,
                "index": row.branch if row.parent else None,
                "call_id": row.call_id,
                "map_run": row.map_run_id,
                "created_at": time_or_none(row.created_at),
                "started_at": time_or_none(row.entered_at),
                "ended_at": time_or_none(row.ended_at),
                "error": text_or_none(row.error),
                "cause": self._redactor.message(text_or_none(row.cause)),
            }
        ) | self._payloads(row)
        failed = row.status in FAILURES
        return self._record("step", run, row.ended_at or row.created_at, told, failed=failed)

    def _event(self, run: ExecutionRow, event: HistoryEvent) -> LogRecord:
        step = operation_id(run.root_execution or run.id, event.operation)
        told = present(
            {
                "id": event.id,
                "previous": event.previous,
                "type": event.type,
                "step": step if event.operation else None,
                "details": self._redactor.details(event.details),
            }
        )
        failed = event.type.endswith(("Failed", "TimedOut"))
        return self._record("event", run, event.at, told, failed=failed)

    def _map_run(self, run: MapRunRow) -> LogRecord:
        told = present(
            {
                "map_run": run.id,
                "owner": run.owner,
                "step": operation_id(run.execution_id, run.operation),
                "status": run.status,
                "items": run.total,
                "failed_items": run.failed,
                "started_at": time_or_none(run.started_at),
                "ended_at": time_or_none(run.ended_at),
                "redrives": run.redrives,
            }
        )
        failed = run.status == "FAILED"
        at = run.ended_at or run.started_at
        return self._record("map_run", self._run, at, told, failed=failed)

    def _record(
        self, kind: str, run: ExecutionRow, at: int, told: dict[str, Any], *, failed: bool
    ) -> LogRecord:
        labels = {"kind": kind, "execution": run.id, "state_machine": self._machine}
        text = _line({"time": timestamps.format(at)} | labels | told)
        return LogRecord(at, failed, run.trace, labels, text)

    def _payloads(self, row: ExecutionRow | StepRow) -> dict[str, Any]:
        texts = {"input": row.input, "output": row.output}
        return {
            name: self._redactor.value(jsontext.loads(text))
            for name, text in texts.items()
            if text is not None
        }

    def _tags(self) -> Any:
        machine = self._services.store.machines.find(self._run.state_machine_id)
        return None if machine is None else jsontext.loads(machine.tags) or None

    def _type(self, state: str) -> str | None:
        """Of a state that was never entered."""
        run = self._run
        machine = self._services.definitions.machine(run.state_machine_id, run.version)
        return type_of(machine, state)


def _line(value: dict[str, Any]) -> str:
    """JSON with characters as they are, where UTF-8 has them; payloads may nest to the limit."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text
