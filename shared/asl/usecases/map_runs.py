"""Map Runs as people see and steer them: described, listed, given other limits while they go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asl.language.fields import LARGEST_INTEGER
from asl.language.map_run import RUNNING
from asl.store.map_runs import Counts, MapRunRow, pending_items
from asl.store.rows import ExecutionRow
from asl.usecases.errors import InvalidInput, MapRunDoesNotExist, MapRunEnded
from asl.usecases.invitations import invite_runners
from asl.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Description:
    """A run with the ARNs that belong to it, and what its children and their items have come to."""

    run: MapRunRow
    arn: str
    execution_arn: str
    executions: Counts
    items: Counts


def describe_map_run(services: Services, id_: str) -> Description:
    """MapRunDoesNotExist where there is none, or none any more."""
    return _describe(services, _find(services, id_))


def list_map_runs(
    services: Services, execution: ExecutionRow, per_page: int, after: MapRunRow | None = None
) -> Sequence[MapRunRow]:
    """Those of an execution's states, newest first; after: the last one of the page before."""
    before = None if after is None else (after.started_at, after.id)
    return services.store.map_runs.page(execution.id, per_page, before)


def update_map_run(
    services: Services,
    id_: str,
    *,
    concurrency: int | None = None,
    tolerated_count: int | None = None,
    tolerated_percentage: float | None = None,
) -> Description:
    """New limits, where given; they hold for what begins or fails from now on.

    MapRunEnded: there is nothing left to limit. InvalidInput: a limit that makes no sense.
    """
    _check(concurrency, tolerated_count, tolerated_percentage)
    store, now = services.store, services.now()
    run = _find(services, id_)
    with store.database.transaction():
        store.claims.lock_execution(run.execution_id)
        run = _find(services, id_)
        if concurrency is not None:
            run = run._replace(concurrency=concurrency)
        if tolerated_count is not None:
            run = run._replace(tolerated_count=tolerated_count)
        if tolerated_percentage is not None:
            run = run._replace(tolerated_percentage=float(tolerated_percentage))
        if run.status != RUNNING or not store.map_runs.set_limits(run):
            raise MapRunEnded(f"map_run: the Map Run '{id_}' has ended")
        ready = store.branches.let_go(run.execution_id, run.operation, now)
    invite_runners(services, ready)
    return _describe(services, run)


def _check(concurrency: int | None, count: int | None, percentage: float | None) -> None:
    for name, value in (("max_concurrency", concurrency), ("tolerated_failure_count", count)):
        if value is not None and not 0 <= value <= LARGEST_INTEGER:
            raise InvalidInput(f"{name}: it is a number from 0 to {LARGEST_INTEGER}")
    if percentage is not None and not 0 <= percentage <= 100:
        raise InvalidInput("tolerated_failure_percentage: it is a number from 0 to 100")


def _find(services: Services, id_: str) -> MapRunRow:
    run = services.store.map_runs.find(id_)
    if run is None:
        raise MapRunDoesNotExist(f"map_run: there is no Map Run '{id_}'")
    return run


def _describe(services: Services, run: MapRunRow) -> Description:
    store, arns = services.store, services.arns
    machine = services.machine_name(run.state_machine_id)
    children, items = store.map_runs.counts(run)
    owner = store.executions.find(run.owner)
    return Description(
        run=run,
        arn=arns.map_run(machine, run.label, run.id),
        execution_arn="" if owner is None else execution_arn(services, owner),
        executions=children,
        items=items._replace(pending=pending_items(run, items)) if run.ended_at is None else items,
    )


def execution_arn(services: Services, row: ExecutionRow) -> str:
    """The ARN of a run; a child of a Map Run has the run's label in it."""
    machine = services.machine_name(row.state_machine_id)
    qualified = machine if row.label is None else f"{machine}/{row.label}"
    return services.arns.execution(qualified, row.name)
