"""Results from outside: task tokens, activities, child executions."""

import json

import pytest
from asl.usecases.errors import InvalidToken, TaskTimedOut
from asl.usecases.signal import Signal, signal
from asl.usecases.stop import Stop, stop
from asl.usecases.workers import take_task

from tests.protocol.world import Crash, World
from tests.store.invariants import check_invariants

ARN = "arn:aws:states:us-east-1:000000000000"


def one(state, **more):
    return {"StartAt": "S", "States": {"S": {**state, "End": True}, **more}}


def waiting(**fields):
    parameters = {"token.$": "$$.Task.Token"}
    resource = "fn:work.waitForTaskToken"
    return one({"Type": "Task", "Resource": resource, "Parameters": parameters, **fields})


@pytest.fixture
def world(database_url):
    world = World(database_url)
    world.services.store.activities.create("dig", {}, world.now)
    yield world
    check_invariants(world.services.store)
    world.services.store.database.close()


def deliver_all(world):
    """All invitations of runners; those of the timer would let time pass."""
    while world.inbox.messages:
        function, body = world.inbox.messages.pop(0)
        if function != "timer":
            world.run(function, body)


def token_of(world):
    select = world.services.store.database.sql("SELECT token FROM operation WHERE token <> ?")
    return world.services.store.database.execute(select, ("",)).fetchone()[0]


def ended(world, execution):
    row = world.row(execution)
    output = None if row.output is None else json.loads(row.output)
    return row.status, output, row.error and json.loads(row.error)


def test_a_token_brings_the_result_back_once(world):
    execution = world.start(waiting(), {})
    deliver_all(world)
    token = token_of(world)
    before = world.row(execution).status

    signal(Signal(token=token, output={"ok": 1}), world.services)
    with pytest.raises(TaskTimedOut):
        signal(Signal(token=token, output={"ok": 2}), world.services)
    deliver_all(world)

    assert before == "Executing"
    assert ended(world, execution) == ("Succeeded", {"ok": 1}, None)


def test_a_token_may_bring_an_error(world):
    execution = world.start(waiting(), {})
    deliver_all(world)

    signal(Signal(token=token_of(world), error="Refused", cause="no"), world.services)
    deliver_all(world)

    assert ended(world, execution) == ("Failed", None, "Refused")


@pytest.mark.parametrize("token", ["", "x", "01M812E0DXBVFQBD4C04J72BB1.1.abc", "a.b.c", "é.1.2"])
def test_a_token_that_is_none_of_ours_is_invalid(world, token):
    with pytest.raises(InvalidToken):
        signal(Signal(token=token, output=1), world.services)


def test_a_guessed_secret_is_refused_and_changes_nothing(world):
    execution = world.start(waiting(), {})
    deliver_all(world)

    with pytest.raises(TaskTimedOut):
        signal(Signal(token=f"{execution}.1.{'0' * 40}", output=1), world.services)

    assert world.row(execution).status == "Executing"


def test_without_a_sign_of_life_the_task_times_out_and_with_one_it_lives(world):
    execution = world.start(waiting(HeartbeatSeconds=10), {})
    deliver_all(world)
    token = token_of(world)
    for _ in range(3):
        world.now += 8_000
        signal(Signal(token=token, heartbeat=True), world.services)
    alive = world.row(execution).status
    world.settle()

    assert alive == "Executing"
    assert ended(world, execution) == ("Failed", None, "States.Timeout")


def test_a_worker_takes_the_work_of_an_activity_and_brings_its_result(world):
    activity = one({"Type": "Task", "Resource": f"{ARN}:activity:dig", "TimeoutSeconds": 60})
    execution = world.start(activity, {"where": "here"})
    deliver_all(world)

    assignment = take_task(world.services, "dig", "anna")
    nothing = take_task(world.services, "dig", "bert")
    signal(Signal(token=assignment.token, output="gold"), world.services)
    deliver_all(world)

    assert json.loads(assignment.input) == {"where": "here"}
    assert nothing is None
    assert ended(world, execution) == ("Succeeded", "gold", None)


def test_work_that_a_worker_took_and_dropped_times_out(world):
    activity = one({"Type": "Task", "Resource": f"{ARN}:activity:dig", "TimeoutSeconds": 60})
    execution = world.start(activity, {})
    deliver_all(world)
    take_task(world.services, "dig", None)
    world.settle()

    assert ended(world, execution) == ("Failed", None, "States.Timeout")


def child_task(machine, pattern):
    return one(
        {
            "Type": "Task",
            "Resource": f"arn:aws:states:::states:startExecution{pattern}",
            "Parameters": {"StateMachineArn": f"{ARN}:stateMachine:{machine}", "Input.$": "$"},
        }
    )


def machine_of(world, definition):
    from asl.usecases.create import Create, create

    return create(Create(definition=definition), world.services)["name"]


def test_a_child_is_waited_for_and_its_output_is_the_result(world):
    child = machine_of(world, one({"Type": "Wait", "Seconds": 90}))
    execution = world.start(child_task(child, ".sync:2"), {"n": 1})
    world.settle()
    status, output, _ = ended(world, execution)

    assert status == "Succeeded"
    assert (output["Status"], output["Output"], output["Input"]) == (
        "SUCCEEDED",
        {"n": 1},
        {"n": 1},
    )


def test_a_child_that_fails_fails_its_task(world):
    child = machine_of(world, {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}})
    execution = world.start(child_task(child, ".sync"), {})
    world.settle()

    assert ended(world, execution) == ("Failed", None, "States.TaskFailed")


def test_a_child_that_is_not_waited_for_is_started_once(world):
    child = machine_of(world, one({"Type": "Pass"}))
    execution = world.start(child_task(child, ""), {})
    world.settle()
    status, output, _ = ended(world, execution)

    assert status == "Succeeded"
    assert output["ExecutionArn"].startswith(f"{ARN}:execution:{child}:")


def test_stop_reaches_the_children(world):
    child = machine_of(world, one({"Type": "Wait", "Seconds": 900}))
    execution = world.start(child_task(child, ".sync"), {})
    deliver_all(world)
    stop(Stop(execution=execution, error="Enough"), world.services)
    select = "SELECT status FROM execution"
    statuses = [row[0] for row in world.services.store.database.execute(select).fetchall()]

    assert statuses == ["Aborted", "Aborted"]


def test_a_result_that_a_task_brings_is_brought_once_wherever_its_runner_dies(tmp_path):
    """The Task that brings it is made again, and sees that it was itself who did."""
    number, crashed = 0, True
    while crashed:
        number += 1
        for after in (False, True):
            crashed = _brings_a_result(tmp_path / f"{number}-{after}.db", number, after=after)
            while World.opened:
                World.opened.pop().close()


def _brings_a_result(path, number, *, after):
    world = World(f"sqlite:///{path}")
    waits = world.start(waiting(), {})
    deliver_all(world)
    parameters = {"TaskToken": token_of(world), "Output": "7"}
    resource = "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess"
    brings = world.start(one({"Type": "Task", "Resource": resource, "Parameters": parameters}), {})
    world.statements.arm(number, after=after)
    crashed = False
    try:
        world.settle()
    except Crash:
        crashed = True
    if crashed:
        world.crash_and_recover()
        world.settle()
    check_invariants(world.services.store)
    assert [ended(world, run)[:2] for run in (waits, brings)] == [
        ("Succeeded", 7), ("Succeeded", {}),
    ]  # fmt: skip
    return crashed
