"""The samples, unchanged, on an installation of their own: every input comes to its outcome."""

import json
import time

import pytest

from tests.e2e.installation import ROOT, Installation

boto3 = pytest.importorskip("boto3")
FOLDER = ROOT / "examples" / "samples"
SAMPLES = sorted(path.parent for path in FOLDER.glob("*/definition.asl.json"))
INPUTS = sorted(FOLDER.glob("*/*input.json"))
ACCOUNT = "123456789012"  # of the ARNs in the samples
SHOWN = ("status", "output", "error", "cause")


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    installation = Installation(
        tmp_path_factory.mktemp("samples"),
        config=[f"AWS_ACCOUNT_ID={ACCOUNT}"],
        apps=[f"examples={ROOT / 'examples' / 'functions'}"],
    ).start()
    yield installation
    installation.stop()


@pytest.fixture(scope="module")
def door(installation):
    return boto3.client(
        "stepfunctions",
        endpoint_url=f"{installation.url}/t/states",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )


@pytest.fixture(scope="module")
def executions(installation, door):
    """Every sample created and started with each of its inputs: execution ids by file."""
    for definition in sorted(FOLDER.glob("*/*.asl.json")):
        name = definition.parent.name if definition.stem == "definition.asl" else "charge"
        installation.do("create", name=name, definition=definition.read_text())
    for worker in FOLDER.glob("*/worker.json"):
        door.create_activity(name=read(worker)["activity"])
    return {
        path: installation.do(
            "invoke", state_machine=path.parent.name, input=read(path), namespace="examples"
        )["execution"]
        for path in INPUTS
    }


def read(path):
    return json.loads(path.read_text())


def do_work(door, worker):
    """What the worker of an activity does: one task is asked for and answered."""
    arn = f"arn:aws:states:us-east-1:{ACCOUNT}:activity:{worker['activity']}"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        task = door.get_activity_task(activityArn=arn, workerName="test")
        if "taskToken" in task:
            door.send_task_heartbeat(taskToken=task["taskToken"])
            output = json.dumps(worker["output"])
            door.send_task_success(taskToken=task["taskToken"], output=output)
            return
    raise AssertionError("there was no work")


@pytest.mark.parametrize(
    "path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name.removesuffix('.json')}"
)
def test_a_sample_comes_to_its_outcome(installation, door, executions, path):
    if (path.parent / "worker.json").exists():
        do_work(door, read(path.parent / "worker.json"))

    ended = installation.ended(executions[path])

    outcome = read(path.with_name(path.name.replace("input.json", "outcome.json")))
    assert {name: ended[name] for name in SHOWN if name in ended} == outcome


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)
def test_a_sample_is_told_of_in_two_sentences_and_listed(folder):
    title, _, text = (folder / "README.md").read_text().partition("\n\n")

    assert title.startswith("# ")
    assert text.count(". ") + text.count(".\n") == 2
    assert f"({folder.name})" in (FOLDER / "README.md").read_text()


def test_every_function_of_lambdas_names_is_there_or_meant_to_be_missing():
    named = {
        name
        for path in FOLDER.glob("*/*.json")
        for name in names_of_functions(path.read_text())
        if name != "quote-west"  # the insurer that cannot be reached
    }
    there = {path.parent.name for path in (ROOT / "examples" / "functions").glob("*/func.py")}

    assert named <= there


def names_of_functions(text):
    return [part.split('"')[0].split(":")[0] for part in text.split(":function:")[1:]]
