"""A run that failed goes on where it failed: what succeeded is kept, and the chapter is visible."""

import json
from itertools import pairwise

import pytest
from asl.usecases.errors import ExecutionNotRedrivable, InvalidInput
from asl.usecases.executions import Executions, executions
from asl.usecases.redrive import Redrive, redrive
from asl.usecases.steps import Steps, steps
from asl.usecases.stop import Stop, stop
from asl.usecases.update import Update, update

from tests.protocol.scenarios import branch, one, task
from tests.protocol.world import MINUTE, Crash, World
from tests.store.invariants import check_invariants

BOOM = {"raise": ["Boom", "why"]}
RETRIED = [{"ErrorEquals": ["Boom"], "IntervalSeconds": 1, "MaxAttempts": 1}]


def named(name, **fields):
    return branch(name.title(), task(f"fn:{name}", **fields))


def chain(*names, **fields):
    states = {name.title(): {**task(f"fn:{name}", **fields), "Next": "Done"} for name in names}
    for name, after in pairwise(names):
        states[name.title()]["Next"] = after.title()
    return {"StartAt": names[0].title(), "States": {**states, "Done": {"Type": "Succeed"}}}


def mapped(mode="INLINE", **fields):
    processor = {"ProcessorConfig": {"Mode": mode}, **branch("Work", task("fn:work"))}
    if mode == "DISTRIBUTED":
        processor["ProcessorConfig"]["ExecutionType"] = fields.pop("children", "STANDARD")
    return one({"Type": "Map", "ItemProcessor": processor, **fields})


SCENARIOS = {
    "a task": {
        "definition": chain("first", "second"),
        "scripts": {"first": [{"return": 1}], "second": [BOOM, {"return": 2}]},
        "output": 2,
        "calls": ["first", "second", "second"],
    },
    "a task whose retries are used up": {
        "definition": chain("work", Retry=RETRIED),
        "scripts": {"work": [BOOM, BOOM, BOOM, {"return": 1}]},
        "output": 1,
        "calls": ["work"] * 4,
    },
    "one branch of several": {
        "definition": one(
            {"Type": "Parallel", "Branches": [named("good"), named("bad"), named("fine")]}
        ),
        "scripts": {"bad": [BOOM, {"return": "at last"}]},
        "input": 7,
        "output": [7, "at last", 7],
        "calls": ["good", "bad", "fine", "bad"],
    },
    "a branch within a branch": {
        "definition": one(
            {
                "Type": "Parallel",
                "Branches": [
                    named("good"),
                    branch(
                        "Inner", {"Type": "Parallel", "Branches": [named("deep"), named("bad")]}
                    ),
                ],
            }
        ),
        "scripts": {"bad": [BOOM, {"return": 1}]},
        "input": 0,
        "output": [0, [0, 1]],
        "calls": ["good", "deep", "bad", "bad"],
    },
    "an iteration, one at a time": {
        "definition": mapped(MaxConcurrency=1),
        "scripts": {"work": [{"return": 1}, BOOM, {"return": 2}, {"return": 3}]},
        "input": [0, 0, 0],
        "output": [1, 2, 3],
        "calls": ["work"] * 4,
    },
    "children of a Map Run": {
        "definition": mapped("DISTRIBUTED", MaxConcurrency=1),
        "scripts": {"work": [{"return": 1}, BOOM, {"return": 2}, {"return": 3}]},
        "input": [0, 0, 0],
        "output": [1, 2, 3],
        "calls": ["work"] * 4,
    },
    "Express children": {
        "definition": mapped("DISTRIBUTED", MaxConcurrency=1, children="EXPRESS"),
        "scripts": {"work": [{"return": 1}, BOOM, {"return": 2}, {"return": 3}]},
        "input": [0, 0, 0],
        "output": [1, 2, 3],
        "calls": ["work"] * 4,
    },
}


@pytest.fixture(params=SCENARIOS)
def scenario(request):
    return SCENARIOS[request.param]


def failed(url, scenario):
    world = World(url, scenario["scripts"])
    execution = world.start(scenario["definition"], scenario.get("input", {}))
    world.settle()
    assert world.row(execution).status == "Failed"
    return world, execution


def go_on(world, execution, **fields):
    return redrive(Redrive(execution=execution, **fields), world.services)


def succeeds(world, execution, scenario):
    world.settle()
    row = world.row(execution)
    check_invariants(world.services.store)
    assert (row.status, row.output and json.loads(row.output)) == ("Succeeded", scenario["output"])


def called(world):
    return sorted(name for name, _ in world.functions.calls)


def test_what_failed_is_made_again_and_what_succeeded_is_kept(database_url, scenario):
    world, execution = failed(database_url, scenario)

    answer = go_on(world, execution)

    assert (answer["status"], answer["redrives"]) == ("Executing", 1)
    check_invariants(world.services.store)
    succeeds(world, execution, scenario)
    assert called(world) == sorted(scenario["calls"])


def test_a_crash_within_a_redrive_loses_nothing(scenario, tmp_path):
    """Killed before or after any statement: there is the one chapter, or the other."""
    number, crashed = 0, True
    while crashed:
        number += 1
        for after in (False, True):
            folder = tmp_path / f"{number}{after}"
            folder.mkdir()
            world, execution = failed(f"sqlite:///{folder}/states.db", scenario)
            world.statements.arm(number, after=after)
            world.statements.counting = True
            try:
                go_on(world, execution)
                crashed = False
            except Crash:
                crashed = True
            world.statements.counting = False
            world.crash_and_recover()
            check_invariants(world.services.store)
            if world.row(execution).status == "Failed":
                go_on(world, execution)
            succeeds(world, execution, scenario)


def test_a_run_that_was_stopped_goes_on_with_all_its_branches(database_url):
    definition = one(
        {
            "Type": "Parallel",
            "Branches": [
                named("good"),
                branch("Wait", {"Type": "Wait", "Seconds": 50}),
                {
                    "StartAt": "Later",
                    "States": {
                        "Later": {"Type": "Wait", "Seconds": 20, "Next": "End"},
                        "End": {"Type": "Pass", "End": True},
                    },
                },
            ],
        }
    )
    world = World(database_url)
    execution = world.start(definition, 1)
    while world.deliver() and len(called(world)) < 1:
        pass
    world.now += MINUTE // 2
    stop(Stop(execution=execution, error="Halt"), world.services)

    go_on(world, execution)

    succeeds(world, execution, {"output": [1, 1, 1]})
    assert called(world) == ["good"]


def test_a_state_of_choice_may_be_entered_with_another_input(database_url):
    world, execution = failed(database_url, SCENARIOS["a task"])

    go_on(world, execution, from_="First", input={"n": 2})

    succeeds(world, execution, {"output": 2})
    found = steps(Steps(execution=execution), world.services)["items"]
    assert [(step["state"], step["status"]) for step in found] == [
        ("First", "Succeeded"),
        ("Second", "Failed"),
        ("First", "Succeeded"),
        ("Second", "Succeeded"),
        ("Done", "Succeeded"),
    ]
    assert found[2]["input"] == {"n": 2}


def test_a_newer_version_may_take_over(database_url):
    world, execution = failed(database_url, SCENARIOS["a task"])
    machine = world.row(execution).state_machine_id
    newer = chain("first", "second")
    newer["States"]["Done"] = {"Type": "Pass", "Result": "newer", "End": True}
    update(Update(state_machine=machine, definition=newer), world.services)

    go_on(world, execution, version=2)

    succeeds(world, execution, {"output": "newer"})
    assert world.row(execution).version == 2


def test_the_chapter_is_visible(database_url):
    world, execution = failed(database_url, SCENARIOS["a task"])
    world.now += MINUTE
    redriven_at = world.now

    go_on(world, execution)
    world.settle()

    shown = executions(Executions(execution=execution), world.services)
    row = world.row(execution)
    events = world.services.store.histories.forward(execution, 1, 100)
    chapter = [event for event in events if event.type == "ExecutionRedriven"]
    assert (shown["redrives"], row.redriven_at) == (1, redriven_at)
    assert [event.details for event in chapter] == [{"redriveCount": 1}]
    assert events[chapter[0].id - 2].type == "ExecutionFailed"
    assert events[-1].type == "ExecutionSucceeded"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"from_": "Nowhere"}, "from: version 1 has no state 'Nowhere'"),
        ({"from_": "Done"}, "input: the state 'Done' was not reached before"),
        ({"version": 9}, "version: the state machine has no version 9"),
    ],
)
def test_a_chapter_that_cannot_be_is_refused_by_the_field(database_url, fields, fault):
    world, execution = failed(database_url, SCENARIOS["a task"])

    with pytest.raises(InvalidInput, match=fault):
        go_on(world, execution, **fields)

    assert world.row(execution).status == "Failed"


def test_a_state_within_a_branch_is_no_place_to_go_on_from(database_url):
    world, execution = failed(database_url, SCENARIOS["one branch of several"])

    with pytest.raises(InvalidInput, match="the state 'Bad' stands within 'S'"):
        go_on(world, execution, from_="Bad")


def test_a_run_that_goes_on_or_succeeded_is_not_redriven(database_url):
    world = World(database_url)
    execution = world.start(one({"Type": "Wait", "Seconds": 5}), 1)
    with pytest.raises(ExecutionNotRedrivable, match="it is Pending"):
        go_on(world, execution)
    world.settle()

    with pytest.raises(ExecutionNotRedrivable, match="it has Succeeded, which is final"):
        go_on(world, execution)


def test_of_two_redrives_at_once_one_is_refused(database_url):
    world, execution = failed(database_url, SCENARIOS["a task"])
    go_on(world, execution)

    with pytest.raises(ExecutionNotRedrivable, match="it is Executing"):
        go_on(world, execution)
    succeeds(world, execution, SCENARIOS["a task"])


def test_a_request_that_overtakes_itself_is_answered_like_the_first_one(database_url):
    world, execution = failed(database_url, SCENARIOS["a task"])
    redrives, command = world.services.store.redrives, Redrive(execution=execution)
    write = redrives.redrive

    def overtaken(*arguments):
        redrives.redrive = write
        redrive(command, world.services, "token")
        return write(*arguments)

    redrives.redrive = overtaken

    assert redrive(command, world.services, "token")["redrives"] == 1
