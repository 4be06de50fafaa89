"""The evictor may die before or after any statement and any sending: nothing is lost."""

import json
import shutil

import asl.store.eviction
import asl.usecases.shipping
import pytest
from asl.usecases.errors import ExecutionNotRedrivable
from asl.usecases.invoke import Invoke, invoke
from asl.usecases.redrive import Redrive, redrive
from asl.usecases.steps import Steps, steps
from asl.usecases.update import Update, update

from tests.protocol.evictor_world import (
    DAY,
    FAILS,
    LATE,
    EvictorWorld,
    check_all_gone,
    everything,
    prepare,
    shipped,
)
from tests.protocol.test_map_runs import PASS, alone, distributed
from tests.protocol.world import MINUTE, Crash
from tests.store.invariants import check_invariants

PARENT = {
    "StartAt": "P",
    "States": {
        "P": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync",
            "Parameters": {"StateMachineArn": "quick"},
            "Next": "W",
        },
        "W": {"Type": "Wait", "Seconds": 90 * 86_400, "End": True},
    },
}


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch):
    """So that short runs show what becomes of long ones."""
    monkeypatch.setattr(asl.store.eviction, "SLICE", 4)
    monkeypatch.setattr(asl.usecases.shipping, "SLICE", 4)
    monkeypatch.setattr(asl.usecases.shipping, "PORTION_RECORDS", 5)
    monkeypatch.setattr("os.fsync", lambda _: None)
    monkeypatch.setattr(asl.usecases.shipping, "CHILDREN", 2)


@pytest.fixture
def world(database_url, tmp_path):
    return EvictorWorld(database_url, tmp_path / "runs.jsonl")


def test_what_is_evicted_was_shipped_whole_and_what_is_in_flight_stays(world):
    known, running = prepare(world)

    would = world.evict(dry_run=True)
    answer = world.evict()

    assert (would["would_ship"], would["would_evict"], would["left"]) == (4, 4, 4)
    assert answer == {"shipped": 4, "evicted": 4, "machines": 0, "left": 0}
    check_all_gone(world, known, running)


SERVERS_STEP = 29  # a server is asked at some of the points only: all is prepared anew for each


def test_the_evictor_may_die_at_any_statement_and_any_sending(world, database_url, tmp_path):
    file, kept = tmp_path / "states.db", tmp_path / "kept.db"
    known, running = prepare(world)
    if file.exists():
        world.services.store.database.close()
        shutil.copy(file, kept)
    world.statements.arm(None, after=False)
    world.evict()
    count = world.statements.count
    step = 1 if database_url.startswith("sqlite") else SERVERS_STEP
    points = [(number, after) for number in range(1, count + 1) for after in (False, True)][::step]
    now = world.now
    for number, after in points:
        world.path.unlink(missing_ok=True)
        if kept.exists():
            world.close()
            for extra in tmp_path.glob("states.db-*"):
                extra.unlink()
            shutil.copy(kept, file)
            world.now = now
            world.boot()
        else:
            known, running = prepare(world)
        world.statements.arm(number, after=after)
        with pytest.raises(Crash):
            world.evict()
        arrived, _ = shipped(world)
        for id_, things in known.items():
            assert world.row(id_) is not None or things <= arrived, (number, after)
        world.crash_and_recover()
        check_invariants(world.services.store)
        world.evict()
        check_all_gone(world, known, running)


def test_a_sink_that_fails_loses_nothing_and_says_why(world):
    known, running = prepare(world)
    world.sink.fails = True

    answer = world.evict()

    assert answer["evicted"] == answer["shipped"] == 0
    assert (answer["left"], answer["failed"], answer["reason"]) == (4, 3, "nobody there")
    assert {id_: everything(world.services.store, id_) for id_ in known} == known
    world.sink.fails = False
    assert world.evict()["evicted"] == 4
    check_all_gone(world, known, running)


def test_what_was_shipped_before_is_evicted_though_the_sink_fails_now(world):
    known, _ = prepare(world)
    first = next(iter(known))
    shipping = world.services.store.shipping
    shipping.close(shipping.ended([first]), world.now)
    world.sink.fails = True

    answer = world.evict()

    assert (answer["evicted"], answer["left"]) == (1, 3)
    assert world.row(first) is None


def test_a_run_that_the_sink_refuses_does_not_keep_others_from_being_evicted(world):
    known, _ = prepare(world)
    refused = list(known)[:3]
    world.sink.refuses = refused

    answer = world.evict()

    assert (answer["evicted"], answer["failed"], answer["left"]) == (1, 3, 3)
    assert all(world.row(id_) for id_ in refused)


def test_a_call_that_runs_out_of_time_goes_on_where_it_was_in_the_next_one(world, monkeypatch):
    id_ = world.start(alone(distributed(PASS)), list(range(6)))
    world.settle()
    known = {id_: everything(world.services.store, id_)}
    world.now += LATE
    send = world.sink.send

    def slow(records, seconds):
        send(records, seconds)
        world.now += 15_000

    calls = 0
    while world.row(id_) is not None:
        world.sink.send = slow
        calls += 1
        assert calls < 50
        world.evict()
    arrived, records = shipped(world)
    assert known[id_] <= arrived
    assert calls > 3
    assert len(records) <= len(arrived) + calls * 12, "each call began anew"
    check_invariants(world.services.store)


def test_without_a_sink_runs_are_evicted_all_the_same(world):
    known, running = prepare(world)
    vars(world.services)["log_sink"] = None

    assert world.evict() == {"shipped": 0, "evicted": 4, "machines": 0, "left": 0}
    assert all(world.row(id_) is None for id_ in known)
    assert world.row(running) is not None


def test_the_name_of_an_evicted_run_can_be_used_anew(world):
    old = world.start(FAILS, {"secret": "old"}, name="daily")
    world.settle()
    machine = world.row(old).state_machine_id
    world.now += LATE
    world.evict()

    command = Invoke(state_machine=machine, input={"n": "new"}, name="daily")
    new = invoke(command, world.services, world.now + MINUTE)["execution"]
    world.settle()

    assert new != old
    (step,) = steps(Steps(execution=new), world.services)["items"]
    assert step["input"] == {"n": "new"}
    assert world.services.store.executions.find_by_name(machine, "daily").id == new
    assert [event.id for event in world.services.store.histories.forward(new, 1, 10)] == [1, 2, 3]


def test_a_run_keeps_its_own_retention(world):
    world.start(FAILS, {}, retention_days=30, name="long")
    short = world.start(FAILS, {}, retention_days=1, name="short")
    world.settle()
    world.now += 2 * DAY

    assert world.evict() == {"shipped": 1, "evicted": 1, "machines": 0, "left": 0}
    assert world.row(short) is None
    world.now += 29 * DAY
    assert world.evict()["evicted"] == 1


def test_what_a_run_in_flight_has_waited_for_is_kept_with_it(world):
    quick = world.start(FAILS | {"StartAt": "F"}, {})
    world.settle()
    machine = world.services.store.machines.find(world.row(quick).state_machine_id)
    parent = json.loads(json.dumps(PARENT).replace("quick", machine.name))
    parent["States"]["P"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "W"}]
    waiting = world.start(parent, {})
    for _ in range(5):
        while world.deliver():
            pass
        world.now += MINUTE
        world.run("timer", {})
    world.now += LATE

    answer = world.evict()

    assert (answer["evicted"], answer["left"]) == (1, 0)
    assert world.row(waiting).ended_at is None


def test_a_run_that_was_redriven_with_other_states_is_shown_and_shipped_whole(world):
    failing = {
        "StartAt": "Old",
        "States": {"Old": {"Type": "Pass", "Next": "F"}, **FAILS["States"]},
    }
    run = world.start(failing, {})
    world.settle()
    machine = world.row(run).state_machine_id
    newer = {"StartAt": "New", "States": {"New": {"Type": "Pass", "End": True}}}
    update(Update(state_machine=machine, definition=newer), world.services)
    redrive(Redrive(execution=run, from_="New", input={}, version=2), world.services)
    world.settle()

    told = steps(Steps(execution=run), world.services)["items"]
    assert [step["state"] for step in told] == ["Old", "F", "New"]
    known = everything(world.services.store, run)
    world.now += LATE
    assert world.evict()["evicted"] == 1
    assert known <= shipped(world)[0]


def test_a_run_that_is_redriven_while_it_is_shipped_stays(world):
    run = world.start(FAILS, {})
    world.settle()
    world.now += LATE
    send = world.sink.send

    def redriving(records, seconds):
        send(records, seconds)
        world.sink.send = send
        redrive(Redrive(execution=run), world.services)
        world.settle()

    world.sink.send = redriving

    assert world.evict()["evicted"] == 0
    assert world.row(run).redrives == 1
    world.now += LATE
    known = everything(world.services.store, run)
    assert world.evict()["evicted"] == 1
    assert known <= shipped(world)[0]


def test_a_run_whose_record_is_closed_is_not_redriven_any_more(world):
    run = world.start(FAILS, {})
    world.settle()
    shipping = world.services.store.shipping
    shipping.close(shipping.ended([run]), world.now)

    with pytest.raises(ExecutionNotRedrivable, match="evicted"):
        redrive(Redrive(execution=run), world.services)


def test_payloads_at_the_limits_of_json_are_shipped(world):
    deep = 1
    for _ in range(250):
        deep = [deep]
    payload = {"deep": deep, "text": "ä\u2028\ud800\n", "large": 2**80, "null": None}
    passes = {"StartAt": "P", "States": {"P": {"Type": "Pass", "OutputPath": None, "End": True}}}
    world.start(passes, payload)
    world.settle()
    world.now += LATE

    assert world.evict()["evicted"] == 1
    _, records = shipped(world)
    assert records[0]["input"] == payload
    assert records[-1]["kind"] == "execution"
    assert records[-1]["output"] == {}
