"""Express runs and Express children of a Map Run: each is made whole, in memory, as one call.

One is made anew from its beginning when its runner is lost, so its tasks may be called again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from asl.language.effects import Effect, Fail, Finish
from asl.language.errors import TIMEOUT
from asl.language.events import Entered
from asl.language.machine import Machine
from asl.language.run import Run
from asl.language.step import Step
from asl.language.visit import ExecutionContext
from asl.language.visiting import Outcome
from asl.store.claims import Claim
from asl.store.rows import ExecutionRow, OperationRow
from asl.store.whole_runs import WholeRun
from asl.usecases import lifecycle
from asl.usecases.children import after_end
from asl.usecases.express import LIMIT_SECONDS, MARGIN_SECONDS, Driver, run_express
from asl.usecases.services import Services
from asl.usecases.tally import TRANSITIONS
from asl.usecases.tokens import context_of


def express_work(services: Services, claim: Claim, deadline: int) -> Sequence[Any]:
    """The work and its arguments, all that a thread needs who has no database."""
    run = claim.execution
    machine = services.definitions.machine(run.state_machine_id, run.version)
    if claim.child is None:
        services.machine_name(run.state_machine_id)  # kept from now on
        return run_express, services, machine, run, deadline
    context = dataclasses.replace(context_of(claim, services), redrive_count=None)
    return run_child, services, machine, claim.operation.state, claim.run, context, deadline


def run_child(
    services: Services,
    machine: Machine,
    start_at: str,
    row: ExecutionRow,
    context: ExecutionContext,
    deadline: int,
) -> Outcome:
    """Run it to its end, or to the end of its time; nothing is written yet."""
    started = services.now()
    run = Run(machine, context, services.random, started, None, start_at)
    until = min(started + LIMIT_SECONDS * 1000, deadline - MARGIN_SECONDS * 1000)
    Driver(services, row, run).drive(until)
    return run.outcome or Outcome(error=TIMEOUT)


def record_run(services: Services, row: OperationRow, run: WholeRun) -> int:
    """Write an Express run down, if it is still ours; how many transitions it had."""
    if services.store.whole_runs.complete(run, row.id, row.fence):
        lifecycle.run_whole(services, run)
        after_end(services, row.execution_id, services.now())
    return len(run.operations)


def record_outcome(
    services: Services, row: OperationRow, outcome: Outcome
) -> tuple[Claim, OperationRow, list[str]] | None:
    """Write down how a child ended, if it is still ours."""
    now = services.now()
    with services.store.database.transaction():
        claim = services.store.claims.reclaim(row.id, row.fence, Entered())
        if claim is None:
            return None
        run = claim.execution
        machine = services.definitions.machine(run.state_machine_id, run.version)
        step = _ending(claim.operation, machine.state(row.state).TYPE, outcome)
        written, ready = services.store.commits.commit(claim, step, now, 0)
        services.tally.add(TRANSITIONS)
        return claim, written, ready


def _ending(row: OperationRow, type_: str, outcome: Outcome) -> Step:
    effect: Effect = Fail(outcome.error, outcome.cause)
    if outcome.output is not None:
        effect = Finish(outcome.output)
    return Step(
        effect=effect,
        type=type_,
        records=(),
        entered_at=row.entered_at or 0,
        entered_event=row.entered_event,
        previous_event=row.previous_event,
        exit_event=0,
        last_event=row.last_event,
        ends_child=True,
    )
