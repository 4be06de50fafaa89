"""Parallel and Map: branches join once, fail once, and are let go one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from asl.store.rows import Awaiting, OperationRow, Status

from tests.store import races
from tests.store.engine import FAILURE, NOW, Engine, map_, parallel, pass_
from tests.store.races import Racers

TASK_STATE = {"Type": "Task", "Resource": "resize", "End": True}
WAIT_STATE = {"Type": "Wait", "Seconds": 60, "End": True}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]


def tasks(count: int) -> list[dict[str, Any]]:
    return [{f"T{number}": TASK_STATE} for number in range(count)]


def opened(engine: Engine, definition: dict[str, Any], name: str = "m") -> list[OperationRow]:
    """Start a run and open its branches; the calls they wait for, the parent's row first."""
    execution, first = engine.start(engine.create(definition, name=name), input="[1,2,3,4,5]")
    engine.drain(first)
    return engine.operations(execution)


def test_a_parent_wakes_when_its_last_branch_has_ended(engine: Engine) -> None:
    parent, *calls = opened(engine, parallel(*tasks(3)))
    assert (parent.status, parent.awaiting, parent.pending) == (
        Status.WAITING,
        Awaiting.BRANCHES,
        3,
    )
    became = [engine.answer(call) for call in calls]
    assert [ready for _, ready in became if ready] == [[parent.id]]
    engine.drain(parent.id)
    run = engine.run(parent.execution_id)
    assert (run.status, run.output) == (Status.SUCCEEDED, "[{},{},{}]")


def test_branches_that_end_at_the_same_moment_wake_their_parent_once(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    runs = [opened(engine, parallel(*tasks(2)), f"m{number}") for number in range(20)]
    left, right = racers.race(
        (races.answer_all, (database_url, [run[1] for run in runs])),
        (races.answer_all, (database_url, [run[2] for run in runs])),
    )
    for (parent, *_), one, other in zip(runs, left, right, strict=True):
        assert sorted([*one, *other]) == [parent.id]
        engine.drain(parent.id)
        assert engine.run(parent.execution_id).status == Status.SUCCEEDED


def test_iterations_are_let_go_as_others_end(engine: Engine) -> None:
    parent, *children = opened(engine, map_({"T": TASK_STATE}, MaxConcurrency=2))
    execution = parent.execution_id
    assert [child.status for child in children] == ["Executing"] * 2 + ["Pending"] * 3
    assert [child.due_at for child in children[2:]] == [None] * 3
    assert [engine.advance(child.id, NOW + 10**9) for child in children[2:]] == [None] * 3
    waiting, most = children[:2], 0
    while waiting:
        answered = engine.answer(waiting.pop(0))
        assert answered is not None
        engine.drain(*answered[1])
        rows = engine.operations(execution)
        waiting = [row for row in rows if row.status == Status.EXECUTING]
        most = max(most, len(waiting))
    assert most == 2
    assert engine.run(execution).status == Status.SUCCEEDED


def test_iterations_that_end_at_the_same_moment_let_one_go_each(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    definition = map_({"T": TASK_STATE}, MaxConcurrency=2)
    runs = [opened(engine, definition, f"m{number}") for number in range(15)]
    left, right = racers.race(
        (races.answer_all, (database_url, [run[1] for run in runs])),
        (races.answer_all, (database_url, [run[2] for run in runs])),
    )
    for run, one, other in zip(runs, left, right, strict=True):
        assert sorted([*one, *other]) == [run[3].id, run[4].id]


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failed_branch_aborts_the_others_and_tells_the_parent(
    engine: Engine, failing: int
) -> None:
    definition = parallel(*tasks(3), Catch=CATCH)
    definition["States"]["C"] = pass_()
    parent, *calls = opened(engine, definition)
    answered = engine.answer(calls[failing], FAILURE)
    assert answered is not None
    assert answered[1] == [parent.id]
    statuses = [row.status for row in engine.operations(parent.execution_id)[1:]]
    expected = [Status.ABORTED] * 3
    expected[failing] = Status.FAILED
    assert statuses == expected
    assert [engine.answer(call) for call in calls] == [None] * 3
    engine.drain(parent.id)
    assert engine.run(parent.execution_id).status == Status.SUCCEEDED


def test_a_failure_reaches_all_that_is_nested_beside_it(engine: Engine) -> None:
    inner = parallel({"W": WAIT_STATE}, {"V": TASK_STATE})["States"]["P"]
    held = map_({"H": WAIT_STATE}, MaxConcurrency=1)["States"]["M"]
    parent, *rows = opened(engine, parallel({"T": TASK_STATE}, {"Q": inner}, {"R": held}))
    call = next(row for row in rows if row.state == "T")
    engine.answer(call, FAILURE)
    after = {row.number: row.status for row in engine.operations(parent.execution_id)}
    assert after.pop(parent.number) == Status.PENDING
    assert after.pop(call.number) == Status.FAILED
    assert set(after.values()) == {Status.ABORTED}
    engine.drain(parent.id)
    assert engine.run(parent.execution_id).status == Status.FAILED


def test_a_failure_and_a_join_at_the_same_moment_end_in_the_failure(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    runs = [opened(engine, parallel(*tasks(2)), f"m{number}") for number in range(20)]
    failed, joined = racers.race(
        (races.answer_all, (database_url, [run[1] for run in runs], "Boom")),
        (races.answer_all, (database_url, [run[2] for run in runs])),
    )
    for (parent, *_), one, other in zip(runs, failed, joined, strict=True):
        assert one == [parent.id]
        assert other in ([], None)
        engine.drain(parent.id)
        assert engine.run(parent.execution_id).status == Status.FAILED


def test_two_failures_at_the_same_moment_are_one(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    runs = [opened(engine, parallel(*tasks(2)), f"m{number}") for number in range(15)]
    left, right = racers.race(
        (races.answer_all, (database_url, [run[1] for run in runs], "Left")),
        (races.answer_all, (database_url, [run[2] for run in runs], "Right")),
    )
    for (parent, *_), one, other in zip(runs, left, right, strict=True):
        assert [ready for ready in (one, other) if ready is not None] == [[parent.id]]


def test_a_parallel_that_is_tried_again_counts_only_its_new_branches(engine: Engine) -> None:
    retry = [{"ErrorEquals": ["Boom"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    parent, *calls = opened(engine, parallel(*tasks(2), Retry=retry))
    engine.answer(calls[0])
    engine.answer(calls[1], FAILURE)
    engine.drain(parent.id)
    engine.drain(parent.id, now=NOW + 1000)
    rows = engine.operations(parent.execution_id)
    again = [row for row in rows if row.status == Status.EXECUTING]
    assert (rows[0].round, rows[0].pending, len(again)) == (2, 2, 2)
    assert engine.answer(calls[0]) is None
    for call in again:
        engine.answer(call)
    engine.drain(parent.id)
    assert engine.run(parent.execution_id).status == Status.SUCCEEDED


def test_many_runners_on_many_runs_leave_nothing_undone(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    steps = {"A": {"Type": "Pass", "Next": "B"}, "B": pass_()}
    nested = map_(steps, MaxConcurrency=2)["States"]["M"]
    failing = {"F": {"Type": "Fail", "Error": "Boom"}}
    good = engine.create(parallel({"M": nested}, {"X": pass_()}), name="good")
    bad_definition = parallel({"N": nested}, failing, Catch=CATCH)
    bad_definition["States"]["C"] = pass_()
    bad = engine.create(bad_definition, name="bad")
    started = [engine.start(id_, input="[1,2,3]")[0] for id_ in (good, bad) * 6]
    to_end = [engine.start(good, input="[1,2,3]")[0] for _ in range(8)]
    racers.race(
        *(
            (races.drain_all, (database_url, seed, to_end[seed::4]))
            for seed in range(races.PROCESSES)
        )
    )
    assert {engine.run(execution).status for execution in started} == {Status.SUCCEEDED}
    ended = {engine.run(execution).status for execution in to_end}
    assert ended <= {Status.SUCCEEDED, Status.ABORTED}
    assert engine.store.due.next() is None
