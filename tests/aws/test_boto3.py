"""boto3, unmodified, against the front door of a whole installation."""

import json
import re
import time

import httpx
import pytest

from tests.aws.conftest import PASS, ROLE
from tests.e2e.installation import ROOT, Installation

boto3 = pytest.importorskip("boto3")
Config = pytest.importorskip("botocore.config").Config
END_SECONDS = 30


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("door")).start()
    yield installation
    installation.stop()


@pytest.fixture(scope="module")
def client(installation):
    return boto3.client(
        "stepfunctions",
        endpoint_url=f"{installation.url}/t/states",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(inject_host_prefix=False),
    )


def ended(client, arn):
    until = time.monotonic() + END_SECONDS
    while time.monotonic() < until:
        described = client.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.05)
    raise AssertionError(f"still running: {client.get_execution_history(executionArn=arn)}")


def test_a_run_goes_from_start_to_end(client):
    text = json.dumps({
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Each"},
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemProcessor": {
                    "StartAt": "Twice",
                    "States": {"Twice": {
                        "Type": "Pass",
                        "Parameters": {"twice.$": "States.MathAdd($, $)"},
                        "End": True,
                    }},
                },
                "End": True,
            },
        },
    })  # fmt: skip
    machine = client.create_state_machine(name="twice", definition=text, roleArn=ROLE)
    arn = client.start_execution(
        stateMachineArn=machine["stateMachineArn"], input='{"items": [1, 2]}'
    )["executionArn"]
    described = ended(client, arn)
    assert json.loads(described["output"]) == [{"twice": 2}, {"twice": 4}]
    assert (described["stopDate"] - described["startDate"]).total_seconds() >= 1
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": 5}
    )
    events = [event for page in pages for event in page["events"]]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "ExecutionSucceeded"


def test_a_map_run_is_followed_to_its_children_and_redriven(client):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Odd",
        "States": {
            "Odd": {
                "Type": "Choice",
                "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "Fails"}],
                "Default": "Works",
            },
            "Fails": {"Type": "Fail", "Error": "Odd"},
            "Works": {"Type": "Succeed"},
        },
    }
    rows = {"Type": "Map", "Label": "rows", "ItemProcessor": processor, "End": True}
    rows["ToleratedFailureCount"] = 0
    text = json.dumps({"StartAt": "Rows", "States": {"Rows": rows}})
    machine = client.create_state_machine(name="rows", definition=text, roleArn=ROLE)
    arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], input="[2, 1]")[
        "executionArn"
    ]
    assert ended(client, arn)["redriveStatus"] == "REDRIVABLE"
    [run] = client.list_map_runs(executionArn=arn)["mapRuns"]
    described = client.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (described["status"], described["itemCounts"]["failed"]) == ("FAILED", 1)
    failed = client.list_executions(mapRunArn=run["mapRunArn"], statusFilter="FAILED")
    [child] = failed["executions"]
    history = client.get_execution_history(executionArn=child["executionArn"])["events"]
    assert history[-1]["executionFailedEventDetails"] == {"error": "Odd"}
    redriven = client.redrive_execution(executionArn=arn)["redriveDate"]
    assert ended(client, arn)["redriveDate"] == redriven
    with pytest.raises(client.exceptions.ValidationException) as refused:
        client.update_map_run(mapRunArn=run["mapRunArn"], maxConcurrency=1)
    assert refused.value.response["reason"] == "CANNOT_UPDATE_COMPLETED_MAP_RUN"


def test_a_waiting_run_is_stopped(client):
    text = '{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": true}}}'
    machine = client.create_state_machine(name="waits", definition=text, roleArn=ROLE)
    started = client.start_execution(stateMachineArn=machine["stateMachineArn"], name="one")
    client.stop_execution(executionArn=started["executionArn"], error="Enough")
    described = client.describe_execution(executionArn=started["executionArn"])
    assert (described["status"], described["error"]) == ("ABORTED", "Enough")


def test_refusals_are_exceptions_by_name(client):
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:none"
    with pytest.raises(client.exceptions.StateMachineDoesNotExist) as refused:
        client.describe_state_machine(stateMachineArn=arn)
    answered = refused.value.response
    assert answered["Error"]["Message"] == f"State Machine Does Not Exist: '{arn}'"
    assert answered["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answered["ResponseMetadata"]["RequestId"]


def test_versions_aliases_tags_and_activities_are_there(client):
    arn = client.create_state_machine(
        name="tagged",
        definition=PASS,
        roleArn=ROLE,
        publish=True,
        tags=[{"key": "team", "value": "a"}],
    )["stateMachineArn"]
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "a"}]
    alias = client.create_state_machine_alias(
        name="prod", routingConfiguration=[{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    )["stateMachineAliasArn"]
    started = client.start_execution(stateMachineArn=alias)["executionArn"]
    assert ended(client, started)["stateMachineAliasArn"] == alias
    activity = client.create_activity(name="work")["activityArn"]
    assert client.describe_activity(activityArn=activity)["name"] == "work"


def test_a_worker_waits_for_work_does_it_and_brings_the_result(client):
    activity = client.create_activity(name="dig")["activityArn"]
    text = json.dumps({
        "StartAt": "S",
        "States": {
            "S": {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 60, "End": True},
        },
    })  # fmt: skip
    machine = client.create_state_machine(name="digs", definition=text, roleArn=ROLE)
    started = client.start_execution(stateMachineArn=machine["stateMachineArn"], input="[1]")
    task = client.get_activity_task(activityArn=activity, workerName="anna")
    client.send_task_heartbeat(taskToken=task["taskToken"])
    client.send_task_success(taskToken=task["taskToken"], output=task["input"])
    assert ended(client, started["executionArn"])["output"] == "[1]"
    with pytest.raises(client.exceptions.TaskTimedOut):
        client.send_task_failure(taskToken=task["taskToken"])
    with pytest.raises(client.exceptions.InvalidToken):
        client.send_task_heartbeat(taskToken="x")
    client.delete_activity(activityArn=activity)
    with pytest.raises(client.exceptions.ActivityDoesNotExist):
        client.get_activity_task(activityArn=activity)


def test_an_express_run_is_waited_for(client):
    machine = client.create_state_machine(
        name="express", definition=PASS, roleArn=ROLE, type="EXPRESS"
    )["stateMachineArn"]
    answers = [
        client.start_sync_execution(stateMachineArn=machine, name="e", input="[1]")
        for _ in range(2)
    ]
    assert [answer["status"] for answer in answers] == ["SUCCEEDED", "SUCCEEDED"]
    assert [answer["output"] for answer in answers] == ["[1]", "[1]"]
    assert answers[0]["executionArn"] != answers[1]["executionArn"]


def test_a_machine_is_the_same_through_both_doors(client, installation):
    client.create_state_machine(name="both", definition=PASS, roleArn=ROLE)
    run = installation.do("invoke", state_machine="both", input=[1], wait=10)
    arn = f"arn:aws:states:us-east-1:000000000000:execution:both:{run['execution']}"
    assert client.describe_execution(executionArn=arn)["output"] == "[1]"


def test_an_operation_that_is_not_there_says_so(installation):
    answered = installation.http.post(
        "/t/states", headers={"X-Amz-Target": "AWSStepFunctions.Fly"}, content=b"{}"
    )
    assert answered.status_code == 400
    assert answered.headers["content-type"] == "application/x-amz-json-1.0"
    assert answered.json()["__type"] == "UnknownOperationException"


def test_a_browser_gets_a_page(installation):
    answered = httpx.get(f"{installation.url}/t/states")
    assert answered.status_code == 200
    assert answered.headers["content-type"].startswith("text/html")
    assert f"{installation.url}/t/states" in answered.text


def test_the_examples_of_the_document_run(installation):
    text = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
    example = "".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    names = {}
    exec(example.replace("http://127.0.0.1:8080", installation.url), names)
    assert names["answer"]["status"] == "SUCCEEDED"
    assert ended(names["states"], names["run"])["output"] == '"gold"'
