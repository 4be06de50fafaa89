"""Runs: accepted once by name, listed, ended from outside."""

from __future__ import annotations

import pytest
from asl.store.errors import NameTaken
from asl.store.executions import Ending
from asl.store.rows import Status
from asl.store.store import Store

from tests.store import races
from tests.store.engine import ABORTED, NOW, TASK, Engine, machine, map_, parallel, pass_
from tests.store.races import Held, Racers

WAIT = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}
TASK_STATE = {"T": {"Type": "Task", "Resource": "resize", "End": True}}


def test_a_run_is_accepted_with_its_first_operation_ready(engine: Engine, store: Store) -> None:
    execution, first = engine.start(engine.create(), name="one", input='{"a":1}')
    run = engine.run(execution)
    assert (run.status, run.events, run.operations, run.input) == (Status.PENDING, 1, 1, '{"a":1}')
    assert store.due.operations(NOW, 10) == [first]
    assert store.due.operations(NOW - 1, 10) == []


def test_a_name_is_one_run_of_its_machine(engine: Engine, store: Store) -> None:
    id_, other = engine.create(name="m"), engine.create(name="n")
    execution, _ = engine.start(id_, name="one")
    with pytest.raises(NameTaken):
        engine.start(id_, name="one")
    known = store.executions.find_by_name(id_, "one")
    assert known is not None
    assert known.id == execution
    engine.start(other, name="one")
    engine.start(id_, name="One")


def test_one_of_many_who_start_a_name_at_the_same_moment_does(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    id_ = engine.create()
    names = [f"run-{number}" for number in range(25)]
    runs = [
        (races.accept_all, (database_url, [engine.row(id_, name) for name in names]))
        for _ in range(races.PROCESSES)
    ]
    for won in zip(*racers.race(*runs), strict=True):
        assert len([operation for operation in won if operation]) == 1


def test_pages_join_to_all_runs_newest_first(engine: Engine, store: Store) -> None:
    id_, other = engine.create(name="m"), engine.create(name="n")
    started = [engine.start(id_)[0] for _ in range(7)]
    elsewhere, _ = engine.start(other)
    seen: list[str] = []
    while page := store.executions.page(
        per_page=3, before=seen[-1] if seen else None, state_machine_id=id_
    ):
        seen.extend(row.id for row in page)
    assert seen == sorted(started, reverse=True)
    engine.end(elsewhere)
    aborted = store.executions.page(per_page=9, status=Status.ABORTED)
    assert [row.id for row in aborted] == [elsewhere]


def test_what_is_not_there_is_none(engine: Engine, store: Store) -> None:
    assert store.executions.find("nobody") is None
    assert store.executions.status("nobody") is None
    assert store.executions.find_by_name(engine.create(), "nobody") is None
    assert engine.end("nobody") is None


@pytest.mark.parametrize(
    "definition",
    [
        machine(WAIT),
        TASK,
        parallel(WAIT, {"Q": parallel({"V": WAIT["W"]}, TASK_STATE)["States"]["P"]}),
        map_(WAIT, MaxConcurrency=1),
    ],
    ids=["a wait", "a call", "nested branches", "held iterations"],
)
def test_ending_a_run_ends_all_in_it(engine: Engine, store: Store, definition: object) -> None:
    id_ = engine.create(definition)  # type: ignore[arg-type]
    execution, first = engine.start(id_, input="[1,2,3]", due_at=NOW + 10)
    engine.drain(first)
    ended = engine.end(execution, NOW + 1)
    assert ended is not None
    assert (ended.status, ended.ended_at) == (Status.ABORTED, NOW + 1)
    operations = engine.operations(execution)
    assert {row.status for row in operations} == {Status.ABORTED}
    assert store.due.next() is None
    assert [row for row in operations if engine.advance(row.id, NOW + 10**9)] == []


def test_an_ending_says_why(engine: Engine) -> None:
    execution, _ = engine.start(engine.create())
    ending = Ending(Status.TIMED_OUT, '"E"', '"c"', "ExecutionTimedOut", {"error": "E"})
    engine.store.executions.end(execution, ending, NOW)
    run = engine.run(execution)
    assert (run.status, run.error, run.cause, run.events) == (Status.TIMED_OUT, '"E"', '"c"', 2)


def test_a_terminal_status_never_changes(engine: Engine) -> None:
    execution, first = engine.start(engine.create())
    engine.drain(first)
    before = engine.run(execution)
    assert before.status == Status.SUCCEEDED
    assert engine.end(execution, NOW + 1) == before
    assert engine.run(execution) == before
    assert engine.advance(first, NOW + 10**9) is None
    assert engine.run(execution) == before


def test_a_run_ended_before_it_began_never_begins(engine: Engine) -> None:
    execution, first = engine.start(engine.create())
    engine.end(execution)
    assert engine.advance(first) is None
    assert engine.run(execution).started_at is None


def test_stop_waits_for_a_commit_in_flight_and_then_finds_the_run_ended(engine: Engine) -> None:
    execution, first = engine.start(engine.create())
    with Held(engine, first) as held:
        assert engine.run(execution).status == Status.PENDING
        held.let_go()
        ended = engine.end(execution)
    assert ended is not None
    assert ended.status == Status.SUCCEEDED


def test_stop_against_a_commit_wins_or_loses_cleanly(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    id_ = engine.create(machine({"A": {"Type": "Pass", "Next": "B"}, "B": pass_()}))
    started = [engine.start(id_) for _ in range(25)]
    for _, first in started[::2]:
        engine.advance(first)  # these are one transition from their end, the others two
    last = [f"{execution}.{1 + (number + 1) % 2}" for number, (execution, _) in enumerate(started)]
    ended, advanced = racers.race(
        (races.end_all, (database_url, [execution for execution, _ in started])),
        (races.advance_all, (database_url, last)),
    )
    for (execution, _), status, became in zip(started, ended, advanced, strict=True):
        run = engine.run(execution)
        assert run.status == status
        if became is None:
            assert status == Status.ABORTED
        elif not became:
            assert status == Status.SUCCEEDED
        assert engine.store.executions.end(execution, ABORTED, NOW + 5) == run
        assert [row.id for row in engine.operations(execution) if engine.advance(row.id)] == []


def test_in_flight_means_not_ended(engine: Engine, store: Store) -> None:
    id_ = engine.create()
    assert not store.executions.in_flight(id_)
    execution, _ = engine.start(id_)
    assert store.executions.in_flight(id_)
    engine.end(execution)
    assert not store.executions.in_flight(id_)
