"""What is listed as stuck, from when on, and what is not."""

import dataclasses

import pytest
from asl.store.stuck import Reason, Times, first_id_of
from asl.usecases.errors import InvalidInput
from asl.usecases.redrive import Redrive, redrive
from asl.usecases.stop import Stop, stop
from asl.usecases.stuck import Stuck, stuck, times_of
from asl.usecases.workers import take_task
from ulid import ULID

HOUR = 3_600_000
DAY = 24 * HOUR
TOKEN = {"Resource": "fn:resize.waitForTaskToken", "Parameters": {"token.$": "$$.Task.Token"}}
ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:look"


def alone(**fields):
    return {"StartAt": "S", "States": {"S": {"Type": "Task", "End": True, **fields}}}


def listed(world, **fields):
    return stuck(Stuck(**fields), world.services)["items"]


def reasons(world):
    return [(item["kind"], item["reason"]) for item in listed(world)]


def parked(world, **fields):
    """A run that waits for its token."""
    execution = world.start(alone(**TOKEN, **fields), {})
    while world.deliver():
        pass
    return execution


def test_a_task_whose_token_nobody_brings_is_listed_once_it_has_waited_long_enough(world):
    execution = parked(world)
    begun = world.now

    world.now = begun + DAY - 1
    assert listed(world) == []
    world.now = begun + DAY
    (item,) = listed(world)

    assert item["kind"] == "callback"
    assert item["reason"] == "no_answer"
    assert item["operation"] == f"{execution}.1"
    assert item["execution"] == execution
    assert item["state"] == "S"
    assert item["since"] == "2023-11-14T22:13:20.000Z"
    assert item["expected_by"] == "2023-11-15T22:13:20.000Z"
    assert "`signal`" in item["message"]
    assert "`stop`" in item["message"]


def test_how_long_is_long_enough_is_a_setting(world):
    parked(world)
    settings = dataclasses.replace(world.services.settings, stuck_after_hours=1)
    world.services.settings = settings

    world.now += HOUR

    assert reasons(world) == [("callback", "no_answer")]


@pytest.mark.parametrize("fields", [{"TimeoutSeconds": 400_000}, {"HeartbeatSeconds": 200_000}])
def test_a_task_that_will_time_out_by_itself_is_not_listed(world, fields):
    parked(world, **fields)

    world.now += DAY

    assert listed(world) == []


def test_what_has_been_stopped_is_not_listed(world):
    execution = parked(world)
    world.now += DAY
    stop(Stop(execution=execution), world.services)

    assert listed(world) == []


def test_an_activity_without_a_worker_is_listed_until_one_takes_its_task(world):
    world.services.store.activities.create("look", {}, world.now)
    world.start(alone(Resource=ACTIVITY), {})
    while world.deliver():
        pass
    world.now += DAY

    assert reasons(world) == [("callback", "no_worker")]
    take_task(world.services, "look", None)
    assert reasons(world) == [("callback", "no_answer")]


def test_a_run_of_wait_states_is_never_listed(world):
    world.start(
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 864_000, "End": True}}}, {}
    )
    while world.deliver():
        pass

    world.now += 2 * DAY

    assert listed(world) == []


def test_work_that_nobody_comes_for_is_listed_after_a_minute(world):
    execution = world.start(alone(Resource="fn:resize"), {})

    world.now += 59_999
    assert listed(world) == []
    world.now += 1

    (item,) = listed(world)
    assert (item["kind"], item["reason"]) == ("operation", "nobody_came")
    assert item["operation"] == f"{execution}.1"
    assert "step-runner" in item["message"]


def test_a_call_whose_runner_was_lost_is_listed_a_minute_after_its_lease(world):
    execution = world.start(alone(Resource="fn:resize"), {})
    with world.services.store.database.transaction():
        claim = world.services.store.claims.claim(f"{execution}.1", world.now)
        from asl.usecases.transitions import decide

        decide(world.services, claim, claim.event, world.now)

    world.now += 30_000 + 60_000

    assert reasons(world) == [("operation", "lease_lapsed")]


def test_a_run_whose_own_time_is_over_is_listed_when_nobody_ends_it(world):
    definition = {
        "StartAt": "W", "TimeoutSeconds": 10,
        "States": {"W": {"Type": "Wait", "Seconds": 864_000, "End": True}},
    }  # fmt: skip
    world.start(definition, {})
    while world.inbox.messages:
        function, body = world.inbox.messages.pop(0)
        if function != "timer":  # none comes
            world.run(function, body)

    world.now += 10_000 + 60_000

    assert reasons(world) == [("execution", "time_over")]


def test_a_run_that_nothing_would_move_on_is_listed(world):
    execution = world.start(alone(Resource="fn:resize"), {})
    world.services.store.database.write("UPDATE operation SET due_at = NULL")

    world.now += DAY

    (item,) = listed(world)
    assert (item["kind"], item["reason"]) == ("execution", "nothing_due")
    assert item["execution"] == execution
    assert "redrive" in item["message"]


def test_a_run_that_waits_for_its_turn_is_listed_as_such_alone(world):
    settings = dataclasses.replace(world.services.settings, queue_limits={"narrow": 1})
    world.services.settings = settings
    world.start(alone(**TOKEN), {}, queue="narrow")
    second = world.start(alone(**TOKEN), {}, queue="narrow")
    while world.deliver():
        pass

    world.now += DAY

    assert sorted(reasons(world)) == [("callback", "no_answer"), ("execution", "queued")]
    queued = next(item for item in listed(world) if item["reason"] == "queued")
    assert queued["execution"] == second
    assert "'narrow'" in queued["message"]


def test_a_redriven_run_has_waited_for_its_turn_since_then(world):
    settings = dataclasses.replace(world.services.settings, queue_limits={"narrow": 1})
    world.services.settings = settings
    redriven = world.start(alone(**TOKEN), {}, queue="narrow")
    stop(Stop(execution=redriven), world.services)
    world.now += DAY
    world.start(alone(**TOKEN), {}, queue="narrow")
    redrive(Redrive(execution=redriven), world.services)
    assert "queued" not in {reason for _, reason in reasons(world)}

    world.now += DAY

    queued = next(item for item in listed(world) if item["reason"] == "queued")
    assert (queued["execution"], queued["since"]) == (redriven, "2023-11-15T22:13:20.000Z")


def test_pages_follow_each_other_through_all_reasons_without_gap(world):
    expected = {parked(world) for _ in range(3)}
    world.now += DAY - 60_000
    expected |= {world.start(alone(Resource="fn:resize"), {}) for _ in range(3)}
    world.now += 60_000
    seen, cursor = [], None
    while True:
        page = stuck(Stuck(per_page=2, cursor=cursor), world.services)
        seen += [item["execution"] for item in page["items"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break

    assert len(seen) == 6
    assert set(seen) == expected


@pytest.mark.parametrize("cursor", ["bm9uc2Vuc2U", "bm9fYW5zd2VyL3gveS96", "%%"])
def test_a_cursor_of_something_else_is_refused(world, cursor):
    with pytest.raises(InvalidInput, match="cursor"):
        stuck(Stuck(cursor=cursor), world.services)


def test_what_is_listed_is_what_is_counted(world):
    for _ in range(3):
        parked(world)
    world.now += DAY
    times = times_of(world.services, world.now)
    store = world.services.store

    counts = {reason: store.stuck.count(reason, times, 2) for reason in Reason}

    assert counts.pop(Reason.NO_ANSWER) == 2
    assert set(counts.values()) == {0}


def test_the_first_id_of_a_moment_parts_earlier_ids_from_later_ones():
    moment = 1_700_000_000_123

    assert str(ULID.from_timestamp(moment - 1)) < first_id_of(moment)
    assert str(ULID.from_timestamp(moment)) > first_id_of(moment)
    assert first_id_of(0) == "0" * 10
    assert Times(moment, moment).long_ago == moment
