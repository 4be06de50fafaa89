"""Express runs: one invocation, one write, begun anew when their runner is lost."""

import json

import pytest
from asl.usecases.create import Create, create
from asl.usecases.errors import ExecutionAlreadyExists, InvalidDefinition
from asl.usecases.invoke import Invoke, invoke
from asl.usecases.steps import Steps, steps

from tests.protocol.scenarios import SCENARIOS, one, task
from tests.protocol.test_crash_points import crash_points, crashes
from tests.protocol.world import MINUTE, World
from tests.store.invariants import check_invariants


@pytest.fixture(params=SCENARIOS)
def scenario(request):
    return SCENARIOS[request.param]


def ended(world, execution):
    row = world.row(execution)
    return row.status, None if row.output is None else json.loads(row.output)


def expected(scenario):
    return ("Succeeded" if "output" in scenario else "Failed"), scenario.get("output")


def waited_for(world, definition, input_, **more):
    machine = create(Create(definition=definition, type="EXPRESS"), world.services)
    command = Invoke(state_machine=machine["id"], input=input_, wait=60, **more)
    return invoke(command, world.services, world.now + 5 * MINUTE)


def test_every_scenario_ends_as_in_a_standard_run(database_url, scenario):
    world = World(database_url, scenario.get("scripts"))
    told = waited_for(world, scenario["definition"], scenario.get("input", {}))
    check_invariants(world.services.store)

    assert (told["status"], told.get("output")) == expected(scenario)


def test_a_run_that_nobody_waits_for_survives_a_crash_at_any_statement(database_url):
    scenario = SCENARIOS["task that is retried"]
    world = World(database_url, scenario["scripts"])
    world.start(scenario["definition"], {}, "EXPRESS")
    world.statements.arm(None, after=False)
    world.settle()
    for number, after in crash_points(world.statements.count, database_url):
        world.functions.calls.clear()
        execution = world.start(scenario["definition"], {}, "EXPRESS")
        world.statements.arm(number, after=after)
        if crashes(world):
            world.crash_and_recover()
            world.settle()
        world.statements.disarm()

        assert ended(world, execution) == expected(scenario), (number, after)
    check_invariants(world.services.store)


def test_its_steps_are_those_of_a_standard_run(database_url):
    world = World(database_url, {"work": [{"return": 5}]})
    run = waited_for(world, one(task()), {})
    items = steps(Steps(execution=run["execution"]), world.services)["items"]

    assert [(item["state"], item["type"], item["status"]) for item in items] == [
        ("S", "Task", "Succeeded")
    ]
    assert items[0]["output"] == 5


def test_a_run_over_its_time_is_timed_out(database_url):
    world = World(database_url)
    told = waited_for(world, {**one({"Type": "Wait", "Seconds": 400}), "TimeoutSeconds": 20}, {})

    assert told["status"] == "TimedOut"


def test_a_name_is_given_once(database_url):
    world = World(database_url)
    machine = create(Create(definition=one({"Type": "Pass"}), type="EXPRESS"), world.services)
    command = Invoke(state_machine=machine["id"], name="n", wait=10)
    invoke(command, world.services, world.now + MINUTE)

    with pytest.raises(ExecutionAlreadyExists):
        invoke(command, world.services, world.now + MINUTE)


@pytest.mark.parametrize(
    "resource",
    [
        "fn:work.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync",
        "arn:aws:states:us-east-1:000000000000:activity:dig",
    ],
)
def test_what_waits_for_the_outside_is_refused_when_it_is_created(database_url, resource):
    world = World(database_url)
    definition = one({"Type": "Task", "Resource": resource, "Parameters": {}})

    with pytest.raises(InvalidDefinition, match="Express state machine does not support"):
        create(Create(definition=definition, type="EXPRESS"), world.services)


def test_a_run_may_start_another_and_bring_a_result(database_url):
    world = World(database_url)
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:kid"
    create(Create(definition=one({"Type": "Pass"}), name="kid"), world.services)
    starts = task(
        "arn:aws:states:::states:startExecution",
        Parameters={"StateMachineArn": arn, "Input": {"n": 7}},
        ResultSelector={"arn.$": "$.ExecutionArn"},
    )
    told = waited_for(world, one(starts), {})
    world.settle()
    check_invariants(world.services.store)

    assert told["status"] == "Succeeded", told
    started = world.services.store.executions.page(per_page=9, status="Succeeded")
    children = [run for run in started if run.input == '{"n":7}']
    assert [told["output"]["arn"].endswith(child.name) for child in children] == [True]


def test_what_this_installation_refuses_is_a_tasks_error(database_url):
    world = World(database_url)
    brings = task(
        "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
        Parameters={"TaskToken": "none", "Output": "{}"},
    )
    told = waited_for(world, one(brings), {})

    assert (told["status"], told["error"]) == ("Failed", "Sfn.InvalidTokenException")
