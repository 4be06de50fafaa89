"""Workflows that call real functions, wait real seconds and lose real processes."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

DECLINED = {"fail": "Declined"}
LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function"


def task(resource, **fields):
    return {"Type": "Task", "Resource": resource, **fields}


def alone(state):
    return {"StartAt": "S", "States": {"S": {"End": True, **state}}}


def test_a_task_gets_its_input_and_who_calls(states):
    run = states.start_run(alone(task("fn:tasks/echo")), {"a": 1}, wait=10)
    output = run["output"]
    steps = states.do("steps", execution=run["execution"])["items"]

    assert output["got"] == {"a": 1}
    assert output["headers"]["fn-states-execution"] == run["execution"]
    assert output["headers"]["fn-states-state"] == "S"
    assert output["headers"]["fn-states-attempt"] == "1"
    assert output["headers"]["idempotency-key"] == f"{run['execution']}.1.1"
    assert len(steps[0]["call_id"]) == 26


def test_an_error_with_a_name_is_retried_with_backoff_and_then_succeeds(states):
    retry = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    given = {"fail": "Flaky", "fail_until": 2, "answer": "done"}

    run = states.start_run(alone(task("fn:tasks/moody", Retry=retry)), given, wait=20)
    steps = states.do("steps", execution=run["execution"])["items"]

    assert (run["status"], run["output"]) == ("Succeeded", "done")
    assert [step["attempt"] for step in steps] == [2]


@pytest.mark.parametrize(
    ("resource", "given", "error"),
    [
        ("fn:tasks/moody", {"fail": "Declined"}, "Declined"),
        ("fn:tasks/moody", {"raise": True}, "Fn.FunctionFailed"),
        ("fn:tasks/nobody", {}, "Fn.NotFound"),
        ("fn:nowhere/moody", {}, "Fn.NotFound"),
        (f"{LAMBDA}:nobody", {}, "Lambda.ResourceNotFoundException"),
    ],
)  # fmt: skip
def test_a_failure_is_caught_by_its_name(states, resource, given, error):
    definition = {
        "StartAt": "S",
        "States": {
            "S": task(resource, Catch=[{"ErrorEquals": [error], "Next": "C"}], End=True),
            "C": {"Type": "Pass", "End": True},
        },
    }

    run = states.start_run(definition, given, wait=20)

    assert run["status"] == "Succeeded"
    assert run["output"]["Error"] == error


def test_a_task_that_takes_too_long_times_out(states):
    run = states.start_run(alone(task("fn:tasks/moody", TimeoutSeconds=1)), {"sleep": 20}, wait=20)

    assert (run["status"], run["error"]) == ("Failed", "States.Timeout")


def test_a_run_that_takes_too_long_times_out_as_a_whole(states):
    definition = {**alone({"Type": "Wait", "Seconds": 60}), "TimeoutSeconds": 1}

    run = states.ended(states.start_run(definition)["execution"])

    assert run["status"] == "TimedOut"


def test_nested_parallel_and_map_join_in_order(states):
    def branch(name):
        inner = {"StartAt": f"{name}E", "States": {f"{name}E": task("fn:tasks/moody", End=True)}}
        over = {"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": inner, "End": True}
        return {"StartAt": name, "States": {name: over}}

    run = states.start_run(
        alone({"Type": "Parallel", "Branches": [branch("A"), branch("B")]}),
        [{"answer": n, "sleep": 0.2 if n == 0 else 0} for n in range(5)],
        wait=30,
    )

    assert run["output"] == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]


def test_a_wait_is_kept_to_the_second_without_any_ticker(states):
    began = time.monotonic()
    run = states.start_run(alone({"Type": "Wait", "Seconds": 2}), wait=20)

    assert run["status"] == "Succeeded"
    assert 2 <= time.monotonic() - began < 4


def test_more_callers_may_wait_than_there_are_processes(fragile):
    machine = fragile.do("create", definition=alone(task("fn:tasks/moody")))["id"]
    with ThreadPoolExecutor(24) as callers:
        order = {"state_machine": machine, "input": {"sleep": 0.1, "answer": 1}, "wait": 20}
        runs = list(callers.map(lambda _: fragile.do("invoke", **order), range(24)))

    assert {fragile.ended(run["execution"])["status"] for run in runs} == {"Succeeded"}


def test_a_killed_step_runner_loses_nothing_and_repeats_the_same_attempt(fragile, tmp_path):
    note = tmp_path / "calls"
    given = {"sleep": 1.5, "note": str(note), "answer": "done"}
    run = fragile.start_run(alone(task("fn:tasks/moody")), given)
    wait_for(note.exists)

    for pid in fragile.processes()["step-runner"]:
        os.kill(pid, signal.SIGKILL)
    ended = fragile.ended(run["execution"])

    assert (ended["status"], ended["output"]) == ("Succeeded", "done")
    assert set(note.read_text().split()) == {f"{run['execution']}.1.1"}


def test_a_killed_gateway_started_again_moves_its_runs_on(fragile):
    chain = {f"S{n}": task("fn:tasks/moody", Next=f"S{n + 1}", ResultPath=None) for n in range(20)}
    definition = {"StartAt": "S0", "States": {**chain, "S20": {"Type": "Succeed"}}}
    runs = [fragile.start_run(definition, {"sleep": 0.02})["execution"] for _ in range(5)]

    fragile.stop(signal.SIGKILL)
    fragile.start()
    statuses = [fragile.ended(run, seconds=60)["status"] for run in runs]

    assert statuses == ["Succeeded"] * 5


def test_a_stopped_gateway_leaves_no_process(fragile):
    fragile.start_run(alone(task("fn:tasks/echo")), wait=10)
    pids = [pid for group in fragile.processes().values() for pid in group]

    fragile.stop()

    assert pids
    wait_for(lambda: not any(is_alive(pid) for pid in pids))


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it has not come about"
        time.sleep(0.02)


def test_a_redriven_run_calls_again_what_failed_and_nothing_else(states):
    good = {"Good": task("fn:tasks/echo", End=True)}
    bad = {
        "Later": {"Type": "Wait", "Seconds": 2, "Next": "Bad"},
        "Bad": task("fn:tasks/moody", Parameters=DECLINED, End=True),
    }
    branches = [{"StartAt": next(iter(branch)), "States": branch} for branch in (good, bad)]
    machine = states.do("create", definition=alone({"Type": "Parallel", "Branches": branches}))
    run = states.do("invoke", state_machine=machine["id"], input={"n": 1}, wait=10)
    assert (run["status"], run["error"]) == ("Failed", "Declined")

    redriven = states.do("redrive", execution=run["execution"])
    ended = states.ended(run["execution"])
    steps = states.do("steps", execution=run["execution"])["items"]

    assert (redriven["status"], redriven["redrives"]) == ("Executing", 1)
    assert ended["status"] == "Failed"  # it declines for ever
    assert [(step["state"], step["status"]) for step in steps] == [
        ("S", "Failed"), ("Good", "Succeeded"), ("Later", "Succeeded"), ("Bad", "Failed"),
        ("Bad", "Failed"),
    ]  # fmt: skip


def test_a_run_goes_on_from_a_state_with_another_input(states):
    run = states.start_run(alone(task("fn:tasks/moody")), DECLINED, wait=10)

    states.do("redrive", execution=run["execution"], input={"answer": "at last"})
    ended = states.ended(run["execution"])

    assert (ended["status"], ended["output"]) == ("Succeeded", "at last")
    assert states.call("redrive", execution=run["execution"])[0] == 409
