"""An Express run: the whole of it within one invocation, in memory, written down once at the end.

It is started anew from the beginning when its runner is lost, so its tasks may be called again.
What it may hold is checked when the machine is created.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from asl.language import jsontext
from asl.language.effects import Fail, Finish, Goto, Record, Retry
from asl.language.events import Raised, Returned
from asl.language.machine import Machine
from asl.language.run import Calling, Made, Run
from asl.remote.attempts import Attempt
from asl.store.claims import json_or_none
from asl.store.drafts import first_operation
from asl.store.rows import ExecutionRow, OperationRow, Status, replace
from asl.store.whole_runs import WholeRun
from asl.usecases import lifecycle
from asl.usecases.services import Services
from asl.usecases.task_work import work_in_memory
from asl.usecases.tokens import execution_context
from asl.usecases.tracing import traceparent_of

LIMIT_SECONDS = 300  # AWS's five minutes
MARGIN_SECONDS = 3  # of the deadline, kept for writing it down


def run_express(services: Services, machine: Machine, row: ExecutionRow, deadline: int) -> WholeRun:
    """Run it to its end, or to the end of its time; nothing is written yet."""
    started = services.now()
    row = replace(row, status=Status.EXECUTING, started_at=started)
    context = execution_context(row, services)
    run = Run(machine, dataclasses.replace(context, redrive_count=None), services.random, started)
    seconds = min(LIMIT_SECONDS, machine.timeout or LIMIT_SECONDS)
    until = min(started + seconds * 1000, deadline - MARGIN_SECONDS * 1000)
    Driver(services, row, run).drive(until)
    return _result(row, run, services.now())


class Driver:
    """Makes the calls of a run in threads, and lets time pass."""

    def __init__(self, services: Services, row: ExecutionRow, run: Run) -> None:
        self._services = services
        self._row = row
        self._run = run
        self._pool: ThreadPoolExecutor | None = None
        self._calls: dict[Future[Returned | Raised], Calling] = {}

    def drive(self, until: int) -> None:
        run, services = self._run, self._services
        while run.outcome is None and services.now() < until:
            for calling in run.advance(services.now()):
                self._call(calling, until)
            if run.outcome is None:
                self._pause(until)
        if self._pool is not None:
            self._pool.shutdown(wait=run.outcome is not None, cancel_futures=True)

    def _call(self, calling: Calling, until: int) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._services.settings.max_calls)
        token, number = calling.token, calling.token.retry_count + 1
        operation = f"{self._row.id}.{calling.number}"
        attempt = Attempt(
            execution=self._row.id,
            operation=operation,
            state=token.state,
            number=number,
            traceparent=traceparent_of(self._row.trace, operation, number),
        )
        work = work_in_memory(self._services, calling, self._row)
        latest = min(calling.deadline or until, until)
        seconds = max(0.05, (latest - self._services.now()) / 1000)
        self._calls[self._pool.submit(work, attempt, seconds)] = calling

    def _pause(self, until: int) -> None:
        """Until an answer comes, or the next thing comes due."""
        due = min(self._run.due or until, until)
        seconds = max(0.0, (due - self._services.now()) / 1000)
        if not self._calls:
            self._services.sleep(seconds)
            return
        done, _ = wait(self._calls, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in done:
            calling, answer = self._calls.pop(future), future.result()
            operation = f"{self._row.id}.{calling.number}"
            lifecycle.answered(self._services, self._row, operation, answer)
            self._run.answer(calling, answer)


def _result(row: ExecutionRow, run: Run, now: int) -> WholeRun:
    records = list(run.records)
    if run.outcome is None:
        records.append(Record(len(records) + 1, 0, "ExecutionTimedOut", now))
        ended = replace(row, status=Status.TIMED_OUT, error=json_or_none("States.Timeout"))
    elif run.outcome.output is not None:
        ended = replace(row, status=Status.SUCCEEDED, output=run.outcome.output.text)
    else:
        error, cause = json_or_none(run.outcome.error), json_or_none(run.outcome.cause)
        ended = replace(row, status=Status.FAILED, error=error, cause=cause)
    operations = _operations(row, run.made, now)
    history: list[tuple[int, Sequence[Record]]] = [(0, records[:1])]
    history += [(made.number, made.decided.records) for made in run.made if made.decided.records]
    if run.outcome is None:
        history.append((0, records[-1:]))
    ended = replace(
        ended, ended_at=now, due_at=None, events=len(records), operations=len(operations)
    )
    return WholeRun(ended, operations, history)


def _operations(row: ExecutionRow, made: Sequence[Made], now: int) -> list[OperationRow]:
    """The row of every state that was entered, as it was left."""
    rows: dict[int, OperationRow] = {}
    for transition in made:
        known = rows.get(transition.number) or _entered(row, transition)
        rows[transition.number] = _left(known, transition)
    return [
        replace(operation, status=Status.ABORTED, ended_at=now)
        if operation.status == Status.PENDING
        else operation
        for operation in rows.values()
    ]


def _entered(row: ExecutionRow, transition: Made) -> OperationRow:
    token, decided = transition.token, transition.decided
    first = first_operation(row, transition.number, token.state, token.input, transition.at)
    return replace(
        first,
        parent=transition.parent,
        branch=token.index,
        opens=token.opens,
        type=decided.type,
        due_at=None,
        previous_event=decided.previous_event,
        entered_event=decided.entered_event,
        entered_at=decided.entered_at,
    )


def _left(row: OperationRow, transition: Made) -> OperationRow:
    row = replace(row, last_event=transition.decided.last_event)
    match transition.decided.effect:
        case Goto(output=output) | Finish(output=output):
            return replace(row, status=Status.SUCCEEDED, output=output.text, ended_at=transition.at)
        case Fail(error, cause):
            return replace(
                row,
                status=Status.FAILED,
                error=json_or_none(error),
                cause=json_or_none(cause),
                ended_at=transition.at,
            )
        case Retry(counters=counters):
            return replace(row, attempt=row.attempt + 1, counters=jsontext.dumps(list(counters)))
        case _:
            return row
