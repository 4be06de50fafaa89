"""Secrets are hidden from whoever looks on, and from nobody who works with them."""

import json
import sys
import time

import pytest
from asl.aws.protocol import answer
from asl.settings import Settings
from asl.usecases.executions import Executions, executions
from asl.usecases.invoke import Invoke, invoke
from asl.usecases.redaction import Redactor
from asl.usecases.steps import Steps, steps

from tests.protocol.evictor_world import DAY, EvictorWorld
from tests.protocol.world import MINUTE

SECRET = "hunter2"
CARD = "4111-1111"
DEFINITION = {
    "StartAt": "T",
    "States": {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "work", "Payload.$": "$"},
            "ResultSelector": {"Password.$": "$.Payload.PASSWORD", "card.$": "$.Payload.card"},
            "Assign": {"password.$": "$.Payload.PASSWORD"},
            "Next": "P",
        },
        "P": {"Type": "Pass", "Parameters": {"text.$": "States.JsonToString($)"}, "Next": "F"},
        "F": {
            "Type": "Task",
            "Resource": "fn:broken",
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.fault", "Next": "E"}],
            "Next": "E",
        },
        "E": {"Type": "Pass", "Parameters": {"PASSWORD.$": "$password"}, "End": True},
    },
}
GIVEN = {
    "PASSWORD": SECRET,
    "user": {"name": "Ada", "profile": [{"password": {"old": SECRET}}]},
    "card": {"number": CARD, "holder": "Ada"},
    "number": 7,
}
CAUSE = f'it said {{"password":"{SECRET}"}} and {json.dumps(json.dumps({"password": SECRET}))}'


class SecretWorld(EvictorWorld):
    def boot(self):
        super().boot()
        vars(self.services)["settings"] = Settings(
            database_url=self.url, drain_seconds=0, redact=("password", "card.number")
        )


@pytest.fixture
def world(database_url, tmp_path):
    world = SecretWorld(database_url, tmp_path / "runs.jsonl")
    world.functions.scripts["broken"] = [{"raise": ["Boom", CAUSE]}]
    return world


@pytest.fixture
def execution(world):
    execution = world.start(DEFINITION, GIVEN, name="one")
    world.settle()
    return execution


def check_hidden(told):
    text = json.dumps(told)
    assert SECRET not in text
    assert CARD not in text
    assert "[redacted]" in text
    assert "Ada" in text


def aws(world, operation, **members):
    body = json.dumps(members).encode()
    answered = answer(f"AWSStepFunctions.{operation}", body, world.services, world.now + MINUTE)
    assert answered.status == 200, answered.body
    return json.loads(json.dumps(answered.body))


def arn(world, execution):
    row = world.row(execution)
    return world.services.arns.execution(
        world.services.machine_name(row.state_machine_id), row.name
    )


def test_steps_hide_them(world, execution):
    told = steps(Steps(execution=execution), world.services)["items"]

    check_hidden(told)
    assert told[0]["input"]["number"] == 7
    assert told[0]["input"]["card"] == {"number": "[redacted]", "holder": "Ada"}
    assert told[3]["input"]["fault"]["Cause"].startswith('it said {"password":"[redacted]"} and')


def test_executions_hide_them(world, execution):
    told = executions(Executions(execution=execution), world.services)

    check_hidden(told)
    assert told["output"] == {"PASSWORD": "[redacted]"}
    assert executions(Executions(), world.services)["items"][0]["output"] == told["output"]


def test_the_history_hides_them(world, execution):
    told = aws(world, "GetExecutionHistory", executionArn=arn(world, execution))["events"]

    check_hidden(told)
    exited = next(event for event in told if event["type"] == "TaskStateExited")
    variables = exited["stateExitedEventDetails"]["assignedVariables"]
    assert json.loads(variables["password"]) == "[redacted]"
    assert exited["stateExitedEventDetails"]["name"] == "T"


def test_a_description_hides_them(world, execution):
    check_hidden(aws(world, "DescribeExecution", executionArn=arn(world, execution)))


def test_what_is_shipped_hides_them(world, execution):
    world.now += 8 * DAY
    assert world.evict()["shipped"] == 1

    check_hidden([json.loads(line) for line in world.path.read_text().splitlines()])


def test_the_run_works_with_them_and_its_caller_gets_them(world, execution):
    command = Invoke(state_machine=world.row(execution).state_machine_id, input=GIVEN, wait=300)
    told = invoke(command, world.services, world.now + 5 * MINUTE)

    assert told["output"] == {"PASSWORD": SECRET}
    assert SECRET in world.row(execution).input


CUT = 'in {\\"x\\": \\"ends so\\\\\\\\\\", \\"y\\": \\"hunter2\\"'
CASES = [
    (["password"], {"a": {"PassWord": 1, "b": [2]}}, {"a": {"PassWord": "[redacted]", "b": [2]}}),
    (["a.b"], {"a": [{"b": 1}], "b": 2}, {"a": [{"b": "[redacted]"}], "b": 2}),
    (["a.b"], {"a": {"c": {"b": 1}}}, {"a": {"c": {"b": 1}}}),
    (["x"], '{"x":[1,{"y":2}],"z":3}', '{"x":"[redacted]","z":3}'),
    (["x"], 'see "x" : {"y": [1]} "z"', 'see "x" : "[redacted]" "z"'),
    (["x"], 'see "x":true, "z"', 'see "x":"[redacted]", "z"'),
    (["x"], '"x": {"cut', '"x": "[redacted]"'),
    (["x"], 'in {\\"x\\":\\"a\\\\\\"b\\",\\"y\\":1}', 'in {\\"x\\":\\"[redacted]\\",\\"y\\":1}'),
    (["x"], "x = 1 and no JSON", "x = 1 and no JSON"),
    (["x", "y"], CUT, 'in {\\"x\\": \\"[redacted]\\", \\"y\\": \\"[redacted]\\"'),
    (["x"], '{"a":{"x":"hunter2"},"a":1}', '{"a":1}'),
    (["ключ"], {"КЛЮЧ": 1}, {"КЛЮЧ": "[redacted]"}),
    (["a+b", "("], {"a+b": 1, "aab": 2}, {"a+b": "[redacted]", "aab": 2}),
    ([], {"password": 1}, {"password": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "given", "expected"), CASES)
def test_a_value_is_hidden_by_its_name(fields, given, expected):
    assert Redactor(fields).value(given) == expected


def test_a_text_without_secrets_stays_as_it_is_to_the_letter():
    text = '{ "a" : 1.50, "b":"\\u00e9" }'

    assert Redactor(["password"]).text(text) == text
    assert Redactor(["A"]).text(text) == '{"a":"[redacted]","b":"\\u00e9"}'


@pytest.fixture
def recursion_of_python():
    """Its own limit, which other libraries raise."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(limit)


def nested(value, depth):
    return json.loads('{"a":' * depth + json.dumps(value) + "}" * depth)


@pytest.mark.parametrize("depth", range(200, 255, 5))
@pytest.mark.usefixtures("recursion_of_python")
def test_texts_that_nest_in_texts_are_looked_through_without_end(depth):
    told = {"password": SECRET}
    for _ in range(4):
        told = nested(json.dumps(told), depth)

    assert SECRET not in Redactor(["password"]).text(json.dumps(told))


def test_a_text_of_backslashes_takes_no_longer_than_another():
    text = json.dumps(["no JSON " + "\\" * 120_000, 'cut "password": "' + "\\" * 120_000])

    began = time.process_time()
    assert "cut" in Redactor(["password"]).text(text)
    assert time.process_time() - began < 5, "a minute where each of them is a new beginning"


def test_a_name_that_is_escaped_is_found():
    assert Redactor(["password"]).text('{"p\\u0061ssword":1}') == '{"password":"[redacted]"}'


def test_an_event_keeps_its_own_members():
    details = {"name": "S", "input": {"name": "Ada"}, "cause": '{"name":"Ada"}'}
    told = Redactor(["name"]).details(details)

    assert told == {
        "name": "S",
        "input": {"name": "[redacted]"},
        "cause": '{"name":"[redacted]"}',
    }
