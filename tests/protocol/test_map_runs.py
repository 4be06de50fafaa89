"""Map Runs under crashes: no child is lost or counted twice, whatever happens to their runners."""

import json
from pathlib import Path

import pytest
from asl.remote.objects import Objects

from tests.protocol.test_crash_points import crash_points, crashes, verdict
from tests.protocol.world import World
from tests.store.invariants import check_invariants

PASS = {"I": {"Type": "Pass", "End": True}}
TASK = {"I": {"Type": "Task", "Resource": "fn:work", "End": True}}
ODD = {
    "C": {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "F"}],
        "Default": "W",
    },
    "F": {"Type": "Fail", "Error": "Odd"},
    "W": {"Type": "Wait", "Seconds": 5, "End": True},
}


def distributed(states, type_="STANDARD", **fields):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type_},
        "StartAt": next(iter(states)),
        "States": states,
    }
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}


def alone(state):
    return {"StartAt": "M", "States": {"M": state}}


def reading(folder):
    return {
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": {"Uri": f"file://{folder}/items.jsonl"},
            "ReaderConfig": {"InputType": "JSONL"},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Uri": f"file://{folder}/out"},
            "WriterConfig": {"Transformation": "COMPACT"},
        },
    }


SCENARIOS = {
    "children that pass": {"state": distributed(PASS), "output": [1, 2, 3]},
    "children one after the other": {
        "state": distributed(TASK, MaxConcurrency=1),
        "output": [1, 2, 3],
    },
    "Express children": {"state": distributed(TASK, "EXPRESS"), "output": [1, 2, 3]},
    "a failure that is borne": {
        "state": distributed(ODD, ToleratedFailureCount=1),
        "output": [2, 3],
    },
    "a failure that is not": {
        "state": distributed(ODD),
        "error": "States.ExceedToleratedFailureThreshold",
    },
    "a run within a child": {
        "state": distributed({"N": distributed({"J": {"Type": "Pass", "End": True}})}),
        "input": [[1], [2, 3]],
        "output": [[1], [2, 3]],
    },
    "items from a file, results to another": {"state": distributed(PASS), "objects": True},
}


SAMPLE = 5  # of the crash points one in five is tried: a Map Run has many, and they are alike


class MapWorld(World):
    """One that may use the files of a folder."""

    def __init__(self, url, folder, scripts=None):
        self._folder = folder
        super().__init__(url, scripts)

    def boot(self):
        super().boot()
        vars(self.services)["objects"] = Objects((f"file://{self._folder}/",), "", "")


@pytest.fixture(params=SCENARIOS)
def scenario(request, tmp_path):
    scenario = dict(SCENARIOS[request.param])
    if scenario.get("objects"):
        (tmp_path / "items.jsonl").write_text("1\n2\n3\n")
        scenario["state"] = {**scenario["state"], **reading(tmp_path)}
    return scenario


def start(world, scenario):
    return world.start(alone(scenario["state"]), scenario.get("input", [1, 2, 3]))


def check_outcome(world, execution, scenario, folder):
    ended = verdict(world, execution)
    if "error" in scenario:
        assert (ended["status"], json.loads(ended["error"])) == ("Failed", scenario["error"])
        return
    assert ended["status"] == "Succeeded", ended
    if "objects" not in scenario:
        assert ended["output"] == scenario["output"]
        return
    manifest = json.loads(open_uri(ended["output"]["ResultWriterDetails"]["Uri"]))
    files = manifest["ResultFiles"]["SUCCEEDED"]
    assert [json.loads(open_uri(file["Key"])) for file in files] == [[1, 2, 3]]


def open_uri(uri):
    return Path(uri.removeprefix("file://")).read_text()


def test_every_scenario_ends_as_written(database_url, scenario, tmp_path):
    world = MapWorld(database_url, tmp_path)
    execution = start(world, scenario)
    world.settle()

    check_outcome(world, execution, scenario, tmp_path)
    check_invariants(world.services.store)


def test_a_crash_at_any_statement_changes_nothing_that_counts(database_url, scenario, tmp_path):
    world = MapWorld(database_url, tmp_path)
    execution = start(world, scenario)
    world.statements.arm(None, after=False)
    world.settle()
    for number, after in crash_points(world.statements.count, database_url)[::SAMPLE]:
        world.functions.calls.clear()
        execution = start(world, scenario)
        world.statements.arm(number, after=after)
        if crashes(world):
            world.crash_and_recover()
            world.settle()
        world.statements.disarm()
        check_outcome(world, execution, scenario, tmp_path)
        counts_add_up(world, execution, scenario)
    check_invariants(world.services.store)


def counts_add_up(world, execution, scenario):
    """One child for each item, each of them ended, and counted once."""
    store = world.services.store
    (run,) = store.map_runs.page(execution, 10, None)
    children, items = store.map_runs.counts(run)
    assert children.total == len(scenario.get("input", [1, 2, 3]))
    assert items.total == children.total
    assert children.pending == children.running == 0
    assert run.ended_at is not None


@pytest.mark.parametrize("harm", ["lost", "doubled", "reversed"])
def test_messages_may_be_lost_doubled_or_reordered(database_url, scenario, harm, tmp_path):
    world = MapWorld(database_url, tmp_path)
    execution = start(world, scenario)
    for _ in range(2000):
        messages = world.inbox.messages
        if harm == "lost":
            messages.clear()
        elif harm == "doubled":
            messages.extend(list(messages))
        else:
            messages.reverse()
        for function, body in [messages.pop(0) for _ in range(len(messages))]:
            world.run(function, body)
        if world.row(execution).ended_at is not None:
            break
        world.now += 1000
        if harm == "lost" or not world.inbox.messages:
            world.run("timer", {})

    check_outcome(world, execution, scenario, tmp_path)
    check_invariants(world.services.store)
