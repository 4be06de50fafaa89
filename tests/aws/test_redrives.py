"""RedriveExecution: a run that failed goes on, and says how often it did."""

import json

import pytest
from asl.aws.operations import redrives
from asl.language.document import Document
from asl.language.events import Raised, Returned

from tests.aws.conftest import ARN, PASS

M, E = ARN + "stateMachine:m", ARN + "execution:m:"
FAIL = json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}})
WAIT = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": True}}})
TASK = json.dumps({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "f", "End": True}}})


class Flaky:
    """A function that fails at its first call."""

    calls = 0

    def call(self, request, attempt, seconds):
        self.calls += 1
        return Raised("E", "once") if self.calls == 1 else Returned(Document("well"), "call")


def test_a_failed_run_goes_on_where_it_failed(api):
    api.services.functions = Flaky()
    arn = api.run(api.create(definition=TASK))
    failed = api("DescribeExecution", executionArn=arn)
    assert (failed["status"], failed["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    redriven = api("RedriveExecution", executionArn=arn)
    api.move_on()
    described = api("DescribeExecution", executionArn=arn)
    assert (described["status"], described["output"]) == ("SUCCEEDED", '"well"')
    assert (described["redriveCount"], described["redriveDate"]) == (1, redriven["redriveDate"])
    [listed] = api("ListExecutions", stateMachineArn=M)["executions"]
    assert (listed["redriveCount"], listed["redriveDate"]) == (1, redriven["redriveDate"])


def test_a_redrive_stands_in_the_history(api):
    arn = api.run(api.create(definition=FAIL))
    api("RedriveExecution", executionArn=arn)
    api.move_on()
    events = api("GetExecutionHistory", executionArn=arn)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "FailStateEntered",
        "ExecutionFailed",
        "ExecutionRedriven",
        "FailStateEntered",
        "ExecutionFailed",
    ]
    assert events[3]["executionRedrivenEventDetails"] == {"redriveCount": 1}


def test_a_run_that_succeeded_or_goes_on_is_not_redriven(api):
    arn = api.run(api.create())
    why = "Execution is SUCCEEDED and cannot be redriven"
    assert api.refused("RedriveExecution", executionArn=arn) == ("ExecutionNotRedrivable", why)
    arn = api.run(api.create(name="w", definition=WAIT))
    why = "Execution is RUNNING and cannot be redriven"
    assert api.refused("RedriveExecution", executionArn=arn) == ("ExecutionNotRedrivable", why)


def test_a_run_that_was_stopped_is_redriven(api):
    arn = api.run(api.create(definition=WAIT))
    api("StopExecution", executionArn=arn)
    api("RedriveExecution", executionArn=arn)
    assert api("DescribeExecution", executionArn=arn)["status"] == "RUNNING"


def test_a_request_that_is_repeated_is_answered_the_same_for_a_while(api):
    arn = api.run(api.create(definition=WAIT))
    api("StopExecution", executionArn=arn)
    asked = {"executionArn": arn, "clientToken": "one"}
    redriven = api("RedriveExecution", **asked)
    assert api("RedriveExecution", **asked) == redriven
    refused = api.refused("RedriveExecution", executionArn=arn, clientToken="another")
    assert refused[0] == "ExecutionNotRedrivable"
    now = api.services.now()
    api.services.now = lambda: now + 16 * 60_000
    assert api.refused("RedriveExecution", **asked)[0] == "ExecutionNotRedrivable"


def test_a_run_of_a_deleted_machine_is_not_redriven(api):
    arn = api.run(api.create(definition=FAIL))
    api("DeleteStateMachine", stateMachineArn=M)
    assert api.refused("RedriveExecution", executionArn=arn) == (
        "ExecutionNotRedrivable",
        "State machine is in DELETING status",
    )


def test_a_run_is_redriven_within_two_weeks_of_its_end(api):
    arn = api.run(api.create(definition=FAIL))
    now = api.services.now()
    api.services.now = lambda: now + redrives.REDRIVABLE_DAYS * 86_400_000 + 1000
    assert api.refused("RedriveExecution", executionArn=arn) == (
        "ExecutionNotRedrivable",
        "Execution redrivable period exceeded",
    )


def test_a_child_of_a_map_run_is_redriven_by_it(api):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "F",
        "States": {"F": {"Type": "Fail", "Error": "E"}},
    }
    state = {"Type": "Map", "ItemProcessor": processor, "End": True}
    text = json.dumps({"StartAt": "M", "States": {"M": state}})
    arn = api.run(api.create(definition=text), input="[1]")
    [run] = api("ListMapRuns", executionArn=arn)["mapRuns"]
    [child] = api("ListExecutions", mapRunArn=run["mapRunArn"])["executions"]
    described = api("DescribeExecution", executionArn=child["executionArn"])
    assert described["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    code, _ = api.refused("RedriveExecution", executionArn=child["executionArn"])
    assert code == "ExecutionNotRedrivable"
    api("RedriveExecution", executionArn=arn)
    api.move_on()
    assert api("DescribeMapRun", mapRunArn=run["mapRunArn"])["redriveCount"] == 1
    [child] = api("ListExecutions", mapRunArn=run["mapRunArn"], redriveFilter="REDRIVEN")[
        "executions"
    ]
    assert child["redriveCount"] == 1


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
def test_what_is_no_run_is_not_redriven(api, arn, code, message):
    api.create(definition=PASS)
    assert api.refused("RedriveExecution", executionArn=arn) == (code, message)
