"""Claim and commit: one transition at a time, and nothing from those who were overtaken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asl.store.errors import StaleClaim
from asl.store.rows import Status
from asl.store.store import Store

from tests.store import races
from tests.store.engine import FAILURE, LEASE, NOW, TASK, Engine, machine, pass_
from tests.store.races import Racers

CHAIN = machine({"A": {"Type": "Pass", "Next": "B"}, "B": pass_()})


def test_a_chain_goes_on_operation_by_operation(engine: Engine) -> None:
    execution, first = engine.start(engine.create(CHAIN), input='{"a":1}')
    advanced = engine.advance(first)
    assert advanced is not None
    row, ready = advanced
    assert (row.status, row.output, ready) == (Status.SUCCEEDED, '{"a":1}', [f"{execution}.2"])
    assert engine.run(execution).status == Status.EXECUTING
    engine.drain(*ready)
    run = engine.run(execution)
    assert (run.status, run.output, run.operations) == (Status.SUCCEEDED, '{"a":1}', 2)


def test_a_transition_is_made_once(engine: Engine) -> None:
    _, first = engine.start(engine.create(CHAIN))
    assert engine.advance(first) is not None
    assert engine.advance(first) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda _: "",
        lambda _: "x",
        lambda _: "a.b",
        lambda id_: id_.rpartition(".")[0],
        lambda id_: id_.replace(".1", ".-1"),
        lambda id_: id_.replace(".1", ".+1"),
        lambda id_: id_.replace(".1", ".01"),
        lambda id_: id_.replace(".1", ". 1"),
        lambda id_: id_.replace(".1", ".1.0"),
        lambda id_: id_.replace(".1", ".0"),
        lambda id_: id_.replace(".1", ".2"),
        lambda id_: id_.replace(".1", ".1" + "0" * 9),
        lambda id_: id_.replace(".1", "." + "9" * 9),
        lambda id_: id_.replace(".1", "." + "9" * 5000),
        lambda id_: id_.replace(".1", ".\u0661"),
        lambda id_: id_.replace(".1", ".\u00b9"),
        lambda id_: id_ + "\n",
        lambda id_: " " + id_,
        lambda id_: id_.lower(),
        lambda _: "\0" * 26 + ".1",
        lambda _: "\ud800" * 26 + ".1",
        lambda _: "é" * 26 + ".1",
        lambda _: "' OR 1=1 --".ljust(26) + ".1",
        lambda _: "%s?".ljust(26, "%") + ".1",
    ],
)
def test_a_forged_id_claims_nothing(engine: Engine, make: object) -> None:
    _, first = engine.start(engine.create())
    forged = make(first)  # type: ignore[operator]
    assert forged != first
    assert engine.advance(forged) is None
    assert engine.advance(first) is not None


def test_what_is_not_due_is_not_claimed(engine: Engine) -> None:
    wait = machine({"W": {"Type": "Wait", "Seconds": 60, "End": True}})
    execution, first = engine.start(engine.create(wait))
    assert engine.advance(first, NOW - 1) is None
    advanced = engine.advance(first)
    assert advanced is not None
    assert (advanced[0].status, advanced[0].due_at) == (Status.WAITING, NOW + 60_000)
    assert engine.advance(first, NOW + 59_999) is None
    assert engine.advance(first, NOW + 60_000) is not None
    assert engine.run(execution).status == Status.SUCCEEDED


def test_processes_that_race_for_an_operation_make_one_transition(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    id_ = engine.create(CHAIN)
    first = [engine.start(id_)[1] for _ in range(25)]
    run = (races.advance_all, (database_url, first))
    for became in zip(*racers.race(run, run, run), strict=True):
        assert len([ready for ready in became if ready is not None]) == 1


def test_the_answer_of_a_call_is_recorded_once(engine: Engine) -> None:
    execution, first = engine.start(engine.create(TASK))
    advanced = engine.advance(first)
    assert advanced is not None
    row = advanced[0]
    assert (row.status, row.due_at) == (Status.EXECUTING, NOW + LEASE)
    assert engine.answer(row) is not None
    assert engine.answer(row, FAILURE) is None
    assert engine.run(execution).status == Status.SUCCEEDED


def test_answers_that_race_are_recorded_once(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    id_ = engine.create(TASK)
    rows = []
    for _ in range(20):
        advanced = engine.advance(engine.start(id_)[1])
        assert advanced is not None
        rows.append(advanced[0])
    good, bad = racers.race(
        (races.answer_all, (database_url, rows)), (races.answer_all, (database_url, rows, "Boom"))
    )
    for row, one, other in zip(rows, good, bad, strict=True):
        assert (one is None) != (other is None)
        expected = Status.FAILED if one is None else Status.SUCCEEDED
        assert engine.run(row.execution_id).status == expected


def test_a_lost_call_is_taken_over_and_its_first_runner_is_too_late(engine: Engine) -> None:
    execution, first = engine.start(engine.create(TASK))
    advanced = engine.advance(first)
    assert advanced is not None
    lost = advanced[0]
    assert engine.advance(first, NOW + LEASE - 1) is None
    taken = engine.advance(first, NOW + LEASE)
    assert taken is not None
    row = taken[0]
    assert (row.fence, row.attempt, row.due_at) == (lost.fence + 1, 1, NOW + 2 * LEASE)
    assert row.request == lost.request
    assert engine.answer(lost, FAILURE) is None
    assert engine.answer(row) is not None
    assert engine.run(execution).status == Status.SUCCEEDED


def test_a_lost_call_is_taken_over_by_one(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    id_ = engine.create(TASK)
    first = [engine.start(id_)[1] for _ in range(15)]
    for operation in first:
        engine.advance(operation)
    run = (races.advance_all, (database_url, first, NOW + LEASE))
    for became in zip(*racers.race(run, run), strict=True):
        assert len([ready for ready in became if ready is not None]) == 1


def test_a_stale_runner_changes_nothing(engine: Engine, store: Store) -> None:
    execution, first = engine.start(engine.create(CHAIN))
    with store.database.transaction():
        claim = store.claims.claim(first, NOW)
    assert claim is not None
    assert claim.event is not None
    engine.advance(first)
    before = (engine.run(execution), engine.operations(execution))
    with pytest.raises(StaleClaim), store.database.transaction():
        engine.commit(claim, claim.event)
    with pytest.raises(StaleClaim), store.database.transaction():
        store.commits.retake(claim, NOW + LEASE)
    stale = replace(claim, operation=claim.operation._replace(fence=99))
    with pytest.raises(StaleClaim), store.database.transaction():
        engine.commit(stale, claim.event)
    assert (engine.run(execution), engine.operations(execution)) == before


def test_a_transaction_cut_off_before_its_commit_leaves_nothing(
    engine: Engine, store: Store
) -> None:
    class CutOff(BaseException):
        pass

    def begin(fault: type[BaseException]) -> None:
        with store.database.transaction():
            claim = store.claims.claim(first, NOW)
            assert claim is not None
            assert claim.event is not None
            engine.commit(claim, claim.event)
            raise fault

    execution, first = engine.start(engine.create(CHAIN))
    before = (engine.run(execution), engine.operations(execution))
    for fault in (CutOff, KeyboardInterrupt, ValueError):
        with pytest.raises(fault):
            begin(fault)
        assert (engine.run(execution), engine.operations(execution)) == before
    assert engine.advance(first) is not None


def test_a_retry_counts_its_attempts(engine: Engine) -> None:
    retry = [{"ErrorEquals": ["Boom"], "MaxAttempts": 2, "IntervalSeconds": 1, "BackoffRate": 1}]
    task = machine({"T": {"Type": "Task", "Resource": "resize", "Retry": retry, "End": True}})
    execution, first = engine.start(engine.create(task))
    now, attempts = NOW, []
    while engine.run(execution).status != Status.FAILED:
        advanced = engine.advance(first, now)
        assert advanced is not None
        attempts.append(advanced[0].attempt)
        engine.answer(advanced[0], FAILURE, now)
        now += 1000
    assert attempts == [1, 2, 3]
