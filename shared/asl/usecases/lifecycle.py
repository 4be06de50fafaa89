"""What is told of executions while they go on: counted for the metrics, written to the log."""

from __future__ import annotations

import logging
from typing import Any

from asl.language.events import Raised, Returned
from asl.store.claims import Claim, text_or_none
from asl.store.rows import ENDED, ExecutionRow, OperationRow, Status
from asl.store.whole_runs import WholeRun
from asl.usecases import tally
from asl.usecases.services import Services
from asl.usecases.tracing import trace_id

log = logging.getLogger(__name__)


def accepted(services: Services, run: ExecutionRow) -> None:
    """A run was stored."""
    if log.isEnabledFor(logging.INFO):
        payloads = _payloads(services, input=run.input)
        log.info("execution accepted", extra=_about(services, run) | payloads)


def moved_on(services: Services, claim: Claim, row: OperationRow) -> None:
    """An operation that was claimed made its transition; `row` is what it is now."""
    if claim.event is not None:
        due_at = claim.operation.due_at
        late = -1 if due_at is None else services.now() - due_at
        if late >= 0:  # an answered call was not due yet
            services.tally.add_delay(late)
        if claim.execution.status == Status.PENDING:
            services.tally.add(tally.STARTED)
    if row.ends and not row.parent:
        _ended(services, claim.execution, row.status, row.error, cause=row.cause, output=row.output)


def answered(services: Services, run: ExecutionRow, operation: str, answer: object) -> None:
    """A task was called and has answered, or it failed; other answers are no task's."""
    if not isinstance(answer, Returned | Raised):
        return
    services.tally.add(tally.TASK_CALLS)
    if isinstance(answer, Returned):
        return
    services.tally.add(tally.TASK_FAILURES)
    if log.isEnabledFor(logging.INFO):
        told = {"operation": operation, "error": answer.error}
        if services.settings.log_payloads:
            told["cause"] = services.redactor.message(answer.cause)
        log.info("task failed", extra=_about(services, run) | told)


def run_whole(services: Services, whole: WholeRun) -> None:
    """An Express run was made and written down."""
    services.tally.add(tally.STARTED)
    services.tally.add(tally.TRANSITIONS, len(whole.operations))
    run = whole.execution
    _ended(services, run, run.status, run.error, cause=run.cause, output=run.output)


def redriven(services: Services, run: ExecutionRow) -> None:
    """A run that had ended goes on."""
    services.tally.add(tally.REDRIVEN)
    log.info("execution redriven", extra=_about(services, run))


def ended(services: Services, run: ExecutionRow | None, at: int) -> None:
    """Somebody wanted a run to end at `at` (ms); told if that is when it did."""
    if run is not None and run.status in ENDED and run.ended_at == at and not run.root_execution:
        _ended(services, run, run.status, run.error, cause=run.cause, output=run.output)


def write_counts(services: Services) -> None:
    """Write what was counted, where it has been kept for long enough; at the end of a call.

    What cannot be written now is kept for the next time.
    """
    now = services.now()
    if services.tally.is_due(now):
        with services.tally.taken(now) as counts, services.store.database.transaction():
            services.store.counters.add(counts)


def _ended(
    services: Services, run: ExecutionRow, status: str, error: str | None, **texts: str | None
) -> None:
    services.tally.add(f"{tally.ENDED}{status}")
    level = logging.INFO if status == Status.SUCCEEDED else logging.WARNING
    if log.isEnabledFor(level):
        told = {"status": status, "error": text_or_none(error)}
        log.log(
            level,
            "execution ended",
            extra=_about(services, run) | told | _payloads(services, **texts),
        )


def _about(services: Services, run: ExecutionRow) -> dict[str, Any]:
    return {
        "execution": run.id,
        "state_machine": services.machine_name(run.state_machine_id),
        "trace_id": trace_id(run.trace),
    }


def _payloads(services: Services, **texts: str | None) -> dict[str, Any]:
    """JSON texts as the log shows them: only where it was asked for, and without the secrets."""
    if not services.settings.log_payloads:
        return {}
    return {name: services.redactor.text_or_none(text) for name, text in texts.items()}
