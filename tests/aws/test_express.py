"""Express runs through the API: waited for or not, under names that are no keys."""

import json

import pytest
from asl.usecases.express_names import shown_name, stored_name

from tests.aws.conftest import ARN, PASS
from tests.aws.test_executions import FAIL

EXPRESS = ARN + "express:m:"
CONTEXT = json.dumps({
    "StartAt": "A",
    "States": {"A": {"Type": "Pass", "Parameters": {"it.$": "$$.Execution"}, "End": True}},
})  # fmt: skip
SLOW = json.dumps({
    "StartAt": "W",
    "TimeoutSeconds": 2,
    "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}},
})  # fmt: skip


@pytest.fixture
def machine(api):
    return lambda definition=PASS: api.create(definition=definition, type="EXPRESS")


def test_a_run_is_waited_for_and_told_whole(api, machine):
    answer = api("StartSyncExecution", stateMachineArn=machine(), name="e", input='{"a": "é"}')
    arn, took = answer.pop("executionArn"), answer.pop("stopDate") - answer.pop("startDate")

    assert arn.startswith(EXPRESS + "e:")
    assert 0 <= took < 60
    assert answer.pop("billingDetails")["billedDurationInMilliseconds"] % 100 == 0
    assert answer == {
        "stateMachineArn": ARN + "stateMachine:m",
        "name": "e",
        "status": "SUCCEEDED",
        "input": '{"a": "é"}',
        "inputDetails": {"included": True},
        "output": '{"a": "é"}',
        "outputDetails": {"included": True},
    }


def test_a_run_that_fails_is_an_answer_too(api, machine):
    answer = api("StartSyncExecution", stateMachineArn=machine(FAIL))

    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "C")
    assert answer["outputDetails"] == {"included": True}
    assert "output" not in answer


def test_a_run_out_of_time_has_timed_out(api, machine):
    start, slept = api.services.now(), []
    api.services.now = lambda: start + round(sum(slept) * 1000)
    api.services.sleep = slept.append
    answer = api("StartSyncExecution", stateMachineArn=machine(SLOW))

    assert (answer["status"], sum(slept)) == ("TIMED_OUT", 2)
    assert answer["billingDetails"] == {
        "billedDurationInMilliseconds": 2000,
        "billedMemoryUsedInMB": 64,
    }


def test_the_data_can_be_left_out(api, machine):
    answer = api("StartSyncExecution", stateMachineArn=machine(), includedData="METADATA_ONLY")

    assert answer["inputDetails"] == answer["outputDetails"] == {"included": False}
    assert not {"input", "output"} & answer.keys()


@pytest.mark.parametrize("operation", ["StartSyncExecution", "StartExecution"])
def test_a_name_may_be_used_again_and_again(api, machine, operation):
    arn = machine()
    runs = [api(operation, stateMachineArn=arn, name="x" * 80)["executionArn"] for _ in range(3)]
    api.move_on()
    kept = api.services.store.executions.page(per_page=9)

    assert len(set(runs)) == len(kept) == 3
    assert {row.status for row in kept} == {"Succeeded"}


@pytest.mark.parametrize("operation", ["StartSyncExecution", "StartExecution"])
def test_the_run_knows_itself_by_the_name_and_the_arn_it_was_answered(api, machine, operation):
    arn = api(operation, stateMachineArn=machine(CONTEXT), name="e")["executionArn"]
    api.move_on()
    (kept,) = api.services.store.executions.page(per_page=9)
    itself = json.loads(kept.output)["it"]

    assert (itself["Id"], itself["Name"]) == (arn, "e")


@pytest.mark.parametrize("name", ["e", "é" * 80])
def test_a_kept_name_fits_and_shows_the_given_one_as_far_as_it_can(name):
    stored = stored_name(name, "0" * 26)

    assert len(stored) <= 80
    assert name.startswith(shown_name(stored))
    assert len(shown_name(stored)) == min(len(name), 53)


def test_a_standard_machine_is_not_waited_for(api):
    assert api.refused("StartSyncExecution", stateMachineArn=api.create()) == (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "a b"}, "InvalidName"),
        ({"input": "{"}, "InvalidExecutionInput"),
        ({"stateMachineArn": ARN + "stateMachine:none"}, "StateMachineDoesNotExist"),
        ({"stateMachineArn": "m"}, "InvalidArn"),
    ],
)
def test_what_cannot_be_started_is_refused(api, machine, given, code):
    assert api.refused("StartSyncExecution", **{"stateMachineArn": machine(), **given})[0] == code


@pytest.mark.parametrize("operation", ["DescribeExecution", "StopExecution", "GetExecutionHistory"])
def test_an_express_run_cannot_be_named_afterwards(api, machine, operation):
    arn = api("StartSyncExecution", stateMachineArn=machine())["executionArn"]
    assert api.refused(operation, executionArn=arn) == (
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: express'",
    )
