"""What Prometheus reads: parsed by its own client, compared with what was done."""

import dataclasses

import pytest
from asl.store.errors import DatabaseUnavailable, TransactionConflict
from asl.store.rows import Status
from asl.usecases.heal import look_around
from asl.usecases.lifecycle import write_counts
from asl.usecases.metrics import Metrics, metrics
from asl.usecases.stop import Stop, stop
from asl.usecases.tally import LATE_MS, LATE_WITHIN, TRANSITIONS, Tally
from prometheus_client.parser import text_string_to_metric_families

DAY = 86_400_000
PASSES = {
    "StartAt": "A",
    "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}},
}
FAILS = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "No"}}}
WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
TASK = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "fn:resize", "End": True}}}
TOKEN = {
    "StartAt": "T",
    "States": {
        "T": {
            "Type": "Task",
            "Resource": "fn:resize.waitForTaskToken",
            "Parameters": {"token.$": "$$.Task.Token"},
            "End": True,
        }
    },
}


def scraped(world):
    """All samples: name with its labels → value."""
    found = {}
    for family in text_string_to_metric_families(metrics(Metrics(), world.services)):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return {name.removeprefix("fn_states_"): value for name, value in found.items()}


def deliver_all(world):
    while world.deliver():
        pass


def test_a_new_installation_shows_every_metric_at_zero(world):
    found = scraped(world)

    assert set(found.values()) == {0}
    assert {"executions{status=Failed}", "executions_ended_total{status=Failed}"} <= set(found)
    assert {"due_operations", "due_oldest_seconds", "runners", "transitions_total"} <= set(found)
    assert "transition_delay_seconds_bucket{le=+Inf}" in found
    assert "stuck{reason=no_answer}" in found


def test_what_was_done_is_counted_and_what_is_there_is_shown(world):
    for definition in (PASSES, PASSES, FAILS, TASK, WAITS):
        world.start(definition, {})
    stopped = world.start(WAITS, {})
    world.start({"StartAt": "P", "States": {"P": {**PASSES["States"]["A"], "Next": "E"},
                 "E": {"Type": "Succeed"}}}, {}, type_="EXPRESS")  # fmt: skip
    deliver_all(world)
    stop(Stop(execution=stopped), world.services)
    world.now += 1000
    write_counts(world.services)
    found = scraped(world)

    assert found["executions{status=Succeeded}"] == 4
    assert found["executions{status=Failed}"] == 1
    assert found["executions{status=Executing}"] == 1
    assert found["executions{status=Aborted}"] == 1
    assert found["executions_started_total"] == 7
    assert found["executions_ended_total{status=Succeeded}"] == 4
    assert found["executions_ended_total{status=Failed}"] == 1
    assert found["executions_ended_total{status=Aborted}"] == 1
    assert found["transitions_total"] == 2 * 2 + 1 + 2 + 2 * 1 + 2
    assert found["task_calls_total"] == 1
    assert found["task_failures_total"] == 0


def test_a_task_that_fails_is_a_call_and_a_failure(world):
    world.functions.scripts["resize"] = [{"raise": ["Boom", "it broke"]}]
    world.start(TASK, {})
    deliver_all(world)
    world.now += 1000
    write_counts(world.services)
    found = scraped(world)

    assert found["task_calls_total"] == 1
    assert found["task_failures_total"] == 1


def test_what_nobody_comes_for_shows_as_a_backlog_that_ages(world):
    for _ in range(3):
        world.start(PASSES, {})
    world.now += 90_000
    found = scraped(world)

    assert found["due_operations"] == 3
    assert found["due_oldest_seconds"] == 90
    assert found["stuck{reason=nobody_came}"] == 3


def test_a_transition_that_was_late_is_in_the_buckets_from_its_delay_on(world):
    world.start(FAILS, {})
    world.now += 700
    deliver_all(world)
    write_counts(world.services)
    found = scraped(world)

    assert found["transition_delay_seconds_bucket{le=0.5}"] == 0
    assert found["transition_delay_seconds_bucket{le=1.0}"] == 1
    assert found["transition_delay_seconds_bucket{le=+Inf}"] == 1
    assert found["transition_delay_seconds_count"] == 1
    assert found["transition_delay_seconds_sum"] == 0.7


def test_limited_queues_show_how_many_go_on_and_how_many_wait(world):
    world.services.settings = dataclasses.replace(
        world.services.settings, queue_limits={"narrow": 1}
    )
    for _ in range(3):
        world.start(TOKEN, {}, queue="narrow")
    deliver_all(world)
    found = scraped(world)

    assert found["queue_executions{queue=narrow,state=admitted}"] == 1
    assert found["queue_executions{queue=narrow,state=waiting}"] == 2


def test_stuck_entries_show_by_reason(world):
    world.start(TOKEN, {})
    deliver_all(world)
    world.now += DAY

    assert scraped(world)["stuck{reason=no_answer}"] == 1


def test_stuck_entries_are_counted_anew_a_minute_later(world):
    world.start(PASSES, {})
    before = scraped(world)
    world.now += 60_000
    after = scraped(world)

    assert before["stuck{reason=nobody_came}"] == 0
    assert after["stuck{reason=nobody_came}"] == 1


def test_runners_show_while_their_slots_last(world):
    world.start(PASSES, {})

    assert scraped(world)["runners"] == 1
    world.now += 60_000
    assert scraped(world)["runners"] == 0


def test_counts_outlive_the_process_that_made_them(world):
    world.start(PASSES, {})
    deliver_all(world)
    before = world.services.store.counters.all()
    world.boot()
    world.start(PASSES, {})
    deliver_all(world)

    assert before[TRANSITIONS] == 2
    assert world.services.store.counters.all()[TRANSITIONS] == 4


def test_what_a_process_counts_is_written_at_most_once_a_second(world):
    world.services.tally.add(TRANSITIONS)
    write_counts(world.services)
    world.services.tally.add(TRANSITIONS)
    write_counts(world.services)
    written = world.services.store.counters.all()
    world.now += 1000
    write_counts(world.services)

    assert written == {TRANSITIONS: 1}
    assert world.services.store.counters.all() == {TRANSITIONS: 2}


@pytest.mark.parametrize("fault", [TransactionConflict("x"), DatabaseUnavailable("x")])
def test_counts_that_cannot_be_written_are_kept_and_the_call_succeeds(world, fault, monkeypatch):
    def refuse(_counts):
        raise fault

    world.services.tally.add(TRANSITIONS)
    with monkeypatch.context() as patched:
        patched.setattr(world.services.store.counters, "add", refuse)
        look_around(world.services)
    look_around(world.services)

    assert world.services.store.counters.all() == {TRANSITIONS: 1}


def test_a_slot_is_given_back_though_the_counts_that_went_along_met_a_conflict(world, monkeypatch):
    world.start(PASSES, {})

    def refuse(_counts):
        raise TransactionConflict("x")

    with monkeypatch.context() as patched:
        patched.setattr(world.services.store.counters, "add", refuse)
        deliver_all(world)
    write_counts(world.services)

    assert world.services.store.gauges.runners(world.now) == 0
    assert world.services.store.counters.all()[TRANSITIONS] == 2


def test_delays_are_counted_in_the_smallest_bucket_that_holds_them():
    tally = Tally()
    for ms in (0, 5, 6, 300_000, 300_001):
        tally.add_delay(ms)
    with tally.taken(0) as counts:
        assert counts == {
            f"{LATE_WITHIN}5": 2,
            f"{LATE_WITHIN}10": 1,
            f"{LATE_WITHIN}300000": 1,
            f"{LATE_WITHIN}+Inf": 1,
            LATE_MS: 600_012,
        }


def test_executions_are_shown_by_all_their_statuses(world):
    shown = {name for name in scraped(world) if name.startswith("executions{")}

    assert shown == {f"executions{{status={s}}}" for s in Status if s is not Status.WAITING}
