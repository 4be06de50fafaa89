"""Runs and their histories through the API, as AWS was recorded."""

import json

import pytest
from asl.aws import page_tokens
from asl.store.errors import UnstorableValue
from asl.usecases.create import Create, create
from asl.usecases.errors import PayloadTooLarge
from asl.usecases.invoke import Invoke, invoke

from tests.aws.conftest import ARN, PASS, Refused

M = ARN + "stateMachine:m"
E = ARN + "execution:m:"
WAIT = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": True}}})
FAIL = json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}})


def test_a_run_is_described_with_its_outcome(api):
    arn = api.run(api.create(), name="e", input='{"a": [1, "é"]}')
    described = api("DescribeExecution", executionArn=arn)
    times = described.pop("startDate"), described.pop("stopDate")
    assert 0 <= times[1] - times[0] < 60
    assert described == {
        "executionArn": E + "e",
        "stateMachineArn": M,
        "name": "e",
        "status": "SUCCEEDED",
        "input": '{"a": [1, "é"]}',
        "inputDetails": {"included": True},
        "output": '{"a": [1, "é"]}',
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_a_failed_run_can_be_redriven_and_shows_its_error(api):
    arn = api.run(api.create(definition=FAIL))
    described = api("DescribeExecution", executionArn=arn)
    assert (described["status"], described["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    assert (described["error"], described["cause"]) == ("E", "C")
    assert "output" not in described


def test_a_run_that_is_asked_for_without_its_data_shows_none(api):
    arn = api.run(api.create(), input="[1]")
    described = api("DescribeExecution", executionArn=arn, includedData="METADATA_ONLY")
    assert described["inputDetails"] == {"included": False}
    assert not {"input", "output"} & described.keys()


def test_the_same_start_answers_the_run_while_it_runs(api):
    machine = api.create(definition=WAIT)
    request = {"stateMachineArn": machine, "name": "e", "input": "{}"}
    first = api("StartExecution", **request)
    assert api("StartExecution", **request) == first
    exists = ("ExecutionAlreadyExists", f"Execution Already Exists: '{E}e'")
    assert api.refused("StartExecution", **(request | {"input": "[]"})) == exists
    api("StopExecution", executionArn=first["executionArn"])
    assert api.refused("StartExecution", **request) == exists


@pytest.mark.parametrize("text", ["1", '"text"', "null", "[]", " {} "])
def test_any_json_is_an_input(api, text):
    arn = api.run(api.create(), input=text)
    assert api("DescribeExecution", executionArn=arn)["input"] == text


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("", "Invalid execution input."),
        (
            "{'a': 1}",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        ),
    ],
)
def test_an_input_that_is_no_json_is_refused(api, text, inner):
    assert api.refused("StartExecution", stateMachineArn=api.create(), input=text) == (
        "InvalidExecutionInput",
        f"Invalid State Machine Execution Input: '{inner}'",
    )


def test_a_stopped_run_is_aborted_with_what_was_said(api):
    arn = api.run(api.create(definition=WAIT))
    stopped = api("StopExecution", executionArn=arn, error="E", cause="C")
    described = api("DescribeExecution", executionArn=arn)
    assert described["stopDate"] == stopped["stopDate"]
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "E", "C")
    assert api("StopExecution", executionArn=arn) == stopped
    last = api("GetExecutionHistory", executionArn=arn)["events"][-1]
    assert (last["id"], last["previousEventId"], last["type"]) == (3, 0, "ExecutionAborted")
    assert last["executionAbortedEventDetails"] == {"error": "E", "cause": "C"}


@pytest.mark.parametrize(
    "operation",
    ["DescribeExecution", "StopExecution", "GetExecutionHistory"],
)
@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        (E + "none", "ExecutionDoesNotExist", f"Execution Does Not Exist: '{E}none'"),
        ("none", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: none'"),
        (
            ARN + "express:m:e:1",
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: express'",
        ),
    ],
)
def test_what_is_no_run_is_refused(api, operation, arn, code, message):
    api.create()
    assert api.refused(operation, executionArn=arn) == (code, message)


def test_an_express_run_is_in_no_list(api):
    machine = api.create(type="EXPRESS")
    arn = api("StartExecution", stateMachineArn=machine, name="e")["executionArn"]
    assert arn.startswith(ARN + "express:m:e:")
    assert api.refused("ListExecutions", stateMachineArn=machine) == (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


def test_runs_are_listed_newest_first_page_by_page(api):
    machine = api.create()
    names = [f"e{number}" for number in range(7)]
    for name in names:
        api.services.sleep(0.002)  # ids sort by millisecond
        api.run(machine, name=name)
    listed, token = [], {}
    while True:
        page = api("ListExecutions", stateMachineArn=machine, maxResults=3, **token)
        listed += [run["name"] for run in page["executions"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert listed == names[::-1]


def test_runs_are_listed_by_status(api):
    machine = api.create(definition=WAIT)
    running, stopped = api.run(machine, name="r"), api.run(machine, name="s")
    api("StopExecution", executionArn=stopped)
    expected = {"RUNNING": [running], "ABORTED": [stopped], "FAILED": [], "PENDING_REDRIVE": []}
    for status, arns in expected.items():
        page = api("ListExecutions", stateMachineArn=machine, statusFilter=status)
        assert [run["executionArn"] for run in page["executions"]] == arns


def test_a_run_keeps_the_version_and_the_alias_it_was_started_through(api):
    machine = api.create(publish=True)
    other = PASS.replace('"A"', '"B"')
    api("UpdateStateMachine", stateMachineArn=M, definition=other, publish=True)
    routing = [{"stateMachineVersionArn": M + ":1", "weight": 100}]
    api("CreateStateMachineAlias", name="prod", routingConfiguration=routing)
    plain, version, alias = (api.run(arn) for arn in (machine, M + ":2", M + ":prod"))
    expected = {
        plain: {},
        version: {"stateMachineVersionArn": M + ":2"},
        alias: {"stateMachineVersionArn": M + ":1", "stateMachineAliasArn": M + ":prod"},
    }
    for arn, through in expected.items():
        described = api("DescribeExecution", executionArn=arn)
        shown = {k: v for k, v in described.items() if k.endswith(("VersionArn", "AliasArn"))}
        assert shown == through
        started = api("GetExecutionHistory", executionArn=arn)["events"][0]
        assert through.items() <= started["executionStartedEventDetails"].items()
    bound = api("DescribeStateMachineForExecution", executionArn=alias)
    assert bound["definition"] == PASS

    def listed(arn):
        page = api("ListExecutions", stateMachineArn=arn)
        return {run["executionArn"] for run in page["executions"]}

    assert listed(M) == {plain, version, alias}
    assert listed(M + ":2") == {version}
    assert listed(M + ":1") == {alias}
    assert listed(M + ":prod") == {alias}


def test_an_alias_shares_runs_out_by_weight(api):
    api.create(publish=True)
    api("UpdateStateMachine", stateMachineArn=M, roleArn="arn:aws:iam::000000000000:role/b")
    api("PublishStateMachineVersion", stateMachineArn=M)
    routing = [
        {"stateMachineVersionArn": f"{M}:{number}", "weight": weight}
        for number, weight in ((1, 0), (2, 100))
    ]
    api("CreateStateMachineAlias", name="prod", routingConfiguration=routing)
    for _ in range(10):
        api("StartExecution", stateMachineArn=M + ":prod")
    page = api("ListExecutions", stateMachineArn=M)
    assert {run["stateMachineVersionArn"] for run in page["executions"]} == {M + ":2"}


def test_a_run_of_a_deleted_machine_can_still_be_read(api):
    arn = api.run(api.create(), name="e")
    api("DeleteStateMachine", stateMachineArn=M)
    api.create()
    described = api("DescribeExecution", executionArn=arn)
    assert described["status"] == "SUCCEEDED"
    assert api("GetExecutionHistory", executionArn=arn)["events"][-1]["id"] == 4


def test_a_run_started_by_an_action_without_a_name_has_its_id_as_name(api, services):
    create(Create(definition=json.loads(PASS), name="m"), services)
    run = invoke(Invoke(state_machine="m"), services, services.now() + 30_000)
    described = api("DescribeExecution", executionArn=E + run["execution"])
    assert described["name"] == run["execution"]


def test_the_role_is_in_the_context_and_in_the_history(api):
    text = json.dumps({
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "InputPath": "$$.Execution", "End": True}},
    })  # fmt: skip
    arn = api.run(api.create(definition=text))
    context = json.loads(api("DescribeExecution", executionArn=arn)["output"])
    assert (context["Id"], context["RoleArn"]) == (arn, "arn:aws:iam::000000000000:role/states")
    started = api("GetExecutionHistory", executionArn=arn)["events"][0]
    assert started["executionStartedEventDetails"]["roleArn"] == context["RoleArn"]


def test_an_input_that_no_state_touches_keeps_its_blanks_through_a_parallel(api):
    branch = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    state = {"Type": "Parallel", "Branches": [branch], "End": True}
    text = json.dumps({"StartAt": "S", "States": {"S": state}})
    arn = api.run(api.create(definition=text), input="[1, 2]")
    assert api("DescribeExecution", executionArn=arn)["output"] == "[[1, 2]]"


MAP = json.dumps({
    "StartAt": "M",
    "States": {"M": {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
        "End": True,
    }},
})  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_history_is_the_same_whatever_the_pages(api, size, reverse):
    arn = api.run(api.create(definition=MAP), input="[1, 2, 3]")
    events, token = [], {}
    while True:
        page = api(
            "GetExecutionHistory", executionArn=arn, maxResults=size, reverseOrder=reverse, **token
        )
        assert len(page["events"]) <= size
        events += page["events"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    ids = [event["id"] for event in events]
    assert sorted(ids) == list(range(1, 19))
    assert ids == sorted(ids, reverse=reverse)
    by_id = {event["id"]: event for event in events}
    assert by_id[3]["mapStateStartedEventDetails"] == {"length": 3}
    assert by_id[18]["executionSucceededEventDetails"]["output"] == "[1,2,3]"


@pytest.mark.parametrize(
    "target", ["AWSStepFunctions.Fly", "AWSStepFunctions.", "", "Other.ListActivities"]
)
def test_an_unknown_operation_says_so(api, target):
    with pytest.raises(Refused) as refused:
        api.send(target, b"{}")
    assert (refused.value.status, refused.value.code) == (400, "UnknownOperationException")


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": NaN}', b"[1"])
def test_a_body_that_is_no_json_is_refused(api, body):
    with pytest.raises(Refused) as refused:
        api.send("AWSStepFunctions.ListActivities", body)
    assert (refused.value.status, refused.value.code) == (400, "SerializationException")


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b"])
def test_a_character_that_no_database_keeps_is_refused(api, text):
    body = f'{{"name": "{text}"}}'.encode()
    with pytest.raises(Refused) as refused:
        api.send("AWSStepFunctions.CreateActivity", body)
    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize("key", ["", "one", "²"])
def test_a_token_that_leads_nowhere_in_a_history_is_refused(api, key):
    members = {"executionArn": api.run(api.create())}
    token = page_tokens.encode(key, "GetExecutionHistory", members, api.services.now())
    assert api.refused("GetExecutionHistory", nextToken=token, **members)[0] == "InvalidToken"


def test_a_value_that_the_database_cannot_keep_is_refused(api, monkeypatch):
    def fail(*_args, **_members):
        raise UnstorableValue("out of range")

    arn = api.run(api.create())
    monkeypatch.setattr(api.services.store.executions, "find_by_name", fail)
    assert api.refused("DescribeExecution", executionArn=arn) == (
        "ValidationException",
        "The request holds a value that cannot be stored",
    )


def test_a_run_that_is_evicted_while_it_is_stopped_does_not_exist(api, monkeypatch):
    arn = api.run(api.create(definition=WAIT))
    monkeypatch.setattr(api.services.store.executions, "find", lambda _id: None)
    assert api.refused("StopExecution", executionArn=arn)[0] == "ExecutionDoesNotExist"


def test_an_input_is_measured_in_bytes_of_utf_8(api):
    machine = api.create()
    largest = json.dumps("é" * 131_071, ensure_ascii=False)  # 262,144 bytes with its quotes
    run = api.run(machine, input=largest)
    assert api("DescribeExecution", executionArn=run)["output"] == largest
    larger = json.dumps("é" * 131_072, ensure_ascii=False)
    code, message = api.refused("StartExecution", stateMachineArn=machine, input=larger)
    assert code == "InvalidExecutionInput"
    assert "input has 262146 bytes; at most 262144" in message
    invoke(Invoke(state_machine="m", input="é" * 131_071), api.services, 0)
    with pytest.raises(PayloadTooLarge):
        invoke(Invoke(state_machine="m", input="é" * 131_072), api.services, 0)
