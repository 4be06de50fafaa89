"""Log lines: JSON, one a line, without payloads unless they are asked for."""

import dataclasses
import io
import json
import logging
import re
import sys
from pathlib import Path

import pytest
from asl import logs
from asl.endpoint import function_name
from asl.usecases.create import Create, create
from asl.usecases.invoke import Invoke, invoke
from asl.usecases.stop import Stop, stop
from asl.usecases.tracing import trace_id

from tests.protocol.world import MINUTE

ROOT = Path(__file__).parents[2]
SECRET = "4111 1111"


@pytest.fixture
def lines():
    """What is logged, parsed; the logging of pytest is put back afterwards."""
    root, library = logging.getLogger(), logging.getLogger(logs.LIBRARY)
    before = root.handlers, root.level, library.level
    stream = io.StringIO()

    class Lines:
        def set_up(self, level="INFO", **more):
            logs.set_up(level, stream=stream, **more)

        @property
        def text(self):
            return stream.getvalue()

        @property
        def parsed(self):
            return [json.loads(line) for line in self.text.splitlines()]

    listening = Lines()
    listening.set_up()
    yield listening
    logs.begin_call("", None)
    logs.set_up()
    root.handlers, root.level = before[:2]
    library.setLevel(before[2])


def log():
    return logging.getLogger(f"{logs.LIBRARY}.test")


def test_a_line_is_one_json_object_with_the_call_it_belongs_to(lines):
    logs.begin_call("step-runner", "01M8")
    log().warning("could not invite %s\n%s", "timer", "é", extra={"execution": "01M9"})

    (line,) = lines.parsed
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "WARNING",
        "function": "step-runner",
        "call_id": "01M8",
        "message": "could not invite timer\né",
        "execution": "01M9",
    }


def test_half_a_character_does_not_lose_the_line(lines):
    log().warning("odd: %s", "\ud83d")

    assert [line["message"] for line in lines.parsed] == ["odd: \ud83d"]


def test_other_packages_are_heard_from_warnings_on(lines):
    lines.set_up("DEBUG")
    for name in ("httpx", "fdk", f"{logs.LIBRARY}.usecases"):
        logging.getLogger(name).info("chatter of %s", name)
        logging.getLogger(name).warning("warning of %s", name)

    said = [line["message"] for line in lines.parsed if line["message"].startswith("chatter")]
    assert said == ["chatter of asl.usecases"]
    assert len(lines.parsed) == 4


def test_the_level_is_a_setting(lines):
    lines.set_up("ERROR")
    log().warning("quiet")

    assert lines.text == ""


def fail(payload):
    try:
        raise KeyError(payload)
    except KeyError as fault:
        raise ValueError(f"what to do with {payload}") from fault


@pytest.mark.parametrize("payloads", [False, True])
def test_a_fault_is_logged_with_its_places_and_its_message_only_when_asked(lines, payloads):
    lines.set_up(payloads=payloads)
    try:
        fail(SECRET)
    except ValueError:
        log().exception("unexpected fault")

    (line,) = lines.parsed
    assert [fault["type"] for fault in line["exception"]] == ["ValueError", "KeyError"]
    assert line["exception"][0]["at"][-1].endswith(" fail")
    assert f"{Path(__file__).name}:" in line["exception"][0]["at"][-1]
    assert (SECRET in lines.text) == payloads


FAILS = {
    "StartAt": "Pay",
    "States": {"Pay": {"Type": "Task", "Resource": "fn:charge", "End": True}},
}


def run(world, definition=FAILS, type_="STANDARD"):
    world.functions.scripts["charge"] = [{"raise": ["Declined", f'{{"card": "{SECRET}"}}']}]
    machine = create(Create(name="orders", definition=definition, type=type_), world.services)
    command = Invoke(state_machine=machine["id"], input={"card": SECRET})
    answer = invoke(command, world.services, world.now + MINUTE)
    world.settle()
    return world.row(answer["execution"])


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_the_life_of_an_execution_is_told_without_its_data(world, lines, type_):
    row = run(world, type_=type_)

    told = [(line["level"], line["message"]) for line in lines.parsed]
    assert told == [
        ("INFO", "execution accepted"),
        ("INFO", "task failed"),
        ("WARNING", "execution ended"),
    ]
    assert {line["execution"] for line in lines.parsed} == {row.id}
    assert {line["state_machine"] for line in lines.parsed} == {"orders"}
    assert {line["trace_id"] for line in lines.parsed} == {trace_id(row.trace)}
    assert lines.parsed[1]["operation"] == f"{row.id}.1"
    assert (lines.parsed[2]["status"], lines.parsed[2]["error"]) == ("Failed", "Declined")
    assert SECRET not in lines.text


def test_payloads_that_are_asked_for_are_told(world, lines):
    settings = dataclasses.replace(world.services.settings, log_payloads=True)
    world.services.settings = settings
    lines.set_up(payloads=True)
    run(world)

    accepted, failed, ended = lines.parsed
    assert json.loads(accepted["input"]) == {"card": SECRET}
    assert SECRET in failed["cause"]
    assert SECRET in ended["cause"]


def test_fields_that_an_operator_hides_are_hidden_from_those_too(world, lines):
    world.services.settings = dataclasses.replace(
        world.services.settings, log_payloads=True, redact=("card",)
    )
    lines.set_up(payloads=True)
    run(world)

    assert len(lines.parsed) == 3
    assert SECRET not in lines.text
    assert "[redacted]" in lines.text


def test_a_run_that_is_stopped_ends_once(world, lines):
    lines.set_up("WARNING")
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    execution = world.start(wait, {})
    for _ in range(2):
        stop(Stop(execution=execution, error="Enough"), world.services)
        world.now += 1

    (line,) = lines.parsed
    assert (line["status"], line["error"]) == ("Aborted", "Enough")


@pytest.mark.parametrize("folder", sorted((ROOT / "functions").iterdir()), ids=lambda f: f.name)
def test_a_line_names_the_function_as_it_is_deployed(folder):
    handler = (folder / "func.py").read_text(encoding="utf-8")
    served = re.search(r"endpoint\.serve\((\w+), ", handler)
    module = re.search(rf"from (asl\.usecases\.\w+) import .*\b{served[1]}\b", handler)
    __import__(module[1])

    assert function_name(getattr(sys.modules[module[1]], served[1])) == folder.name
