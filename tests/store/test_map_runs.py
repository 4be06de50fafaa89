"""Map Runs: children are executions that join, are counted, borne, aborted and evicted."""

from __future__ import annotations

from typing import Any

import pytest
from asl.language.events import Raised
from asl.store.map_runs import Counts, MapRunRow
from asl.store.rows import OperationRow, Status

from tests.store import races
from tests.store.engine import FAILURE, NOW, Engine, machine
from tests.store.races import Racers

TASK = {"T": {"Type": "Task", "Resource": "resize", "End": True}}
PASS = {"I": {"Type": "Pass", "End": True}}
DAY = 86_400_000


def distributed(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {**machine(states), "ProcessorConfig": config}
    return machine({"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}})


def opened(engine: Engine, definition: dict[str, Any], name: str = "m") -> list[OperationRow]:
    """Start a run of five items; the Map's operation, and those of its children."""
    execution, first = engine.start(engine.create(definition, name=name), input="[1,2,3,4,5]")
    engine.drain(first)
    return engine.operations(execution)


def run_of(engine: Engine, row: OperationRow) -> MapRunRow:
    found = engine.store.map_runs.find(row.map_run_id or "")
    assert found is not None
    return found


def counts(engine: Engine, row: OperationRow) -> Counts:
    return engine.store.map_runs.counts(run_of(engine, row))[0]


def children(engine: Engine, row: OperationRow) -> list[Any]:
    select = engine.store.database.sql(
        "SELECT id, status, events FROM execution WHERE root_execution = ? ORDER BY id"
    )
    return list(engine.store.database.execute(select, (row.execution_id,)).fetchall())


def test_a_run_counts_its_children_by_what_became_of_them(engine: Engine) -> None:
    parent, *calls = opened(engine, distributed(TASK, MaxConcurrency=3, ToleratedFailureCount=5))
    assert counts(engine, parent) == Counts(pending=2, running=3)
    engine.answer(calls[0])
    engine.answer(calls[1], FAILURE)
    engine.answer(calls[2], Raised("States.Timeout", None))
    assert counts(engine, parent) == Counts(pending=2, succeeded=1, failed=1, timed_out=1)


def test_children_are_executions_with_histories_of_their_own(engine: Engine) -> None:
    parent, *_ = opened(engine, distributed(PASS))
    found = children(engine, parent)
    assert [status for _, status, _ in found] == [Status.SUCCEEDED] * 5
    histories = engine.store.histories
    types = [[event.type for event in histories.forward(id_, 1, 10)] for id_, *_ in found]
    assert (
        types
        == [["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]] * 5
    )
    assert engine.run(parent.execution_id).events == 8


def test_children_are_not_among_the_runs_that_are_listed(engine: Engine) -> None:
    parent, *_ = opened(engine, distributed(PASS))
    page = engine.store.executions.page(per_page=10)
    assert [row.id for row in page] == [parent.execution_id]


def test_a_failure_is_borne_until_there_are_too_many(engine: Engine) -> None:
    parent, *calls = opened(engine, distributed(TASK, ToleratedFailureCount=1))
    borne = engine.answer(calls[0], FAILURE)
    assert borne is not None
    assert borne[1] == []
    answered = engine.answer(calls[1], FAILURE)
    assert answered is not None
    assert answered[1] == [parent.id]
    assert counts(engine, parent) == Counts(failed=2, aborted=3)
    statuses = sorted(status for _, status, _ in children(engine, parent))
    assert statuses == [Status.ABORTED] * 3 + [Status.FAILED] * 2
    engine.drain(parent.id)
    assert engine.run(parent.execution_id).error == '"States.ExceedToleratedFailureThreshold"'
    assert run_of(engine, parent).status == "FAILED"


def test_failures_at_the_same_moment_are_each_counted(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    definition = distributed(TASK, ToleratedFailureCount=1)
    runs = [opened(engine, definition, f"m{number}") for number in range(15)]
    left, right = racers.race(
        (races.answer_all, (database_url, [run[1] for run in runs], "Boom")),
        (races.answer_all, (database_url, [run[2] for run in runs], "Boom")),
    )
    for (parent, *_), one, other in zip(runs, left, right, strict=True):
        assert sorted([*one, *other]) == [parent.id]
        assert run_of(engine, parent).failed == 2


def test_a_raised_limit_lets_held_children_go(engine: Engine) -> None:
    parent, *calls = opened(engine, distributed(TASK, MaxConcurrency=1))
    store, run = engine.store, run_of(engine, parent)
    with store.database.transaction():
        store.claims.lock_execution(parent.execution_id)
        assert store.map_runs.set_limits(run._replace(concurrency=3))
        ready = store.branches.let_go(parent.execution_id, parent.number, NOW)
    assert ready == [calls[1].id, calls[2].id]
    engine.drain(*ready)
    assert counts(engine, parent) == Counts(pending=2, running=3)


def test_a_lowered_limit_holds_for_those_that_begin_later(engine: Engine) -> None:
    parent, *calls = opened(engine, distributed(TASK, MaxConcurrency=3))
    store, run = engine.store, run_of(engine, parent)
    with store.database.transaction():
        store.claims.lock_execution(parent.execution_id)
        store.map_runs.set_limits(run._replace(concurrency=1))
    became = [engine.answer(call) for call in calls[:3]]
    assert [answered and answered[1] for answered in became] == [[], [], [calls[3].id]]


def test_a_stop_ends_all_children_and_their_runs(engine: Engine) -> None:
    parent, *_ = opened(engine, distributed(TASK, MaxConcurrency=2))
    engine.end(parent.execution_id)
    found = children(engine, parent)
    assert [status for _, status, _ in found] == [Status.ABORTED] * 2
    last = [engine.store.histories.backward(id_, events, 1)[0] for id_, _, events in found]
    assert [event.type for event in last] == ["ExecutionAborted"] * 2
    assert run_of(engine, parent).status == "ABORTED"
    assert counts(engine, parent) == Counts(aborted=5)


@pytest.mark.parametrize(("tolerated", "status"), [(1, "RUNNING"), (0, "FAILED")])
def test_a_child_that_is_stopped_is_a_failure_to_its_run(
    engine: Engine, tolerated: int, status: str
) -> None:
    parent, *_ = opened(engine, distributed(TASK, ToleratedFailureCount=tolerated))
    child = children(engine, parent)[0][0]
    stopped = engine.end(child)
    assert stopped is not None
    assert stopped.status == Status.ABORTED
    assert engine.end(child) == stopped
    engine.drain(parent.id)
    assert run_of(engine, parent).status == status
    assert counts(engine, parent).aborted == (1 if tolerated else 5)


def test_eviction_takes_the_children_with_their_run_and_never_before(engine: Engine) -> None:
    parent, *calls = opened(engine, distributed(TASK))
    eviction, later = engine.store.eviction, NOW + 400 * DAY
    for call in calls[:4]:
        engine.answer(call)
    assert eviction.old(later, 1, 10) == []
    answered = engine.answer(calls[4])
    assert answered is not None
    engine.drain(*answered[1])
    assert eviction.old(later, 1, 10) == [parent.execution_id]
    shipping = engine.store.shipping
    shipping.close(shipping.ended([parent.execution_id]), later)
    assert eviction.evict([parent.execution_id]) == 1
    for table in ("execution", "operation", "history", "map_run"):
        count = engine.store.database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        assert count == 0, table


def test_results_are_read_in_parts_in_the_order_of_the_items(engine: Engine) -> None:
    parent, *calls = opened(engine, distributed(TASK, ToleratedFailureCount=5))
    engine.answer(calls[0], FAILURE)
    for call in calls[1:]:
        engine.answer(call)
    run, read = run_of(engine, parent), engine.store.map_children.results
    parts = [read(run, -1, 3), read(run, 2, 3), read(run, 4, 3)]
    assert [[result.branch for result in part] for part in parts] == [[0, 1, 2], [3, 4], []]
    first = parts[0][0]
    assert (first.status, first.error, first.input) == (Status.FAILED, '"Boom"', "1")
