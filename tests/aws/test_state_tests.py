"""TestState: one state entered on its own, as AWS was recorded to answer."""

import json

import pytest
from asl.aws.rehearsal.limits import Limits
from asl.language.document import Document
from asl.language.events import Raised, Returned

from tests.aws.conftest import ROLE, Refused, cases

FN_TASK = json.dumps({"Type": "Task", "Resource": "resize", "End": True})


@pytest.mark.parametrize("case", cases("state_tests.json"))
def test_a_state_is_tested_on_its_own(local, case):
    request = {"definition": json.dumps(case["state"])} | case["given"]
    if "refused" in case:
        assert list(local.refused("TestState", **request)) == case["refused"]
    else:
        assert local("TestState", **request) == case["expect"]


class Functions:
    def __init__(self, answer):
        self.answer, self.requests = answer, []

    def call(self, request, attempt, seconds):
        self.requests.append((request.function, request.payload.value))
        return self.answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Returned(Document([1]), "call"), {"status": "SUCCEEDED", "output": "[1]"}),
        (Raised("E", "C"), {"status": "FAILED", "error": "E", "cause": "C"}),
    ],
)
def test_a_task_without_a_mock_calls_its_function(local, answer, expected):
    local.services.functions = functions = Functions(answer)
    assert local("TestState", definition=FN_TASK, roleArn=ROLE, input="[2]") == expected
    assert functions.requests == [("resize", [2])]


def test_a_service_can_be_tested_with_a_mock_only(local):
    text = json.dumps({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True})
    code, _ = local.refused("TestState", definition=text, roleArn=ROLE)
    assert code == "ValidationException"


INNER = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "Result": 1, "End": True}}}
OUTER = {"Type": "Parallel", "Branches": [INNER], "Next": "Last"}
MACHINE = json.dumps({"StartAt": "Outer", "States": {"Outer": OUTER, "Last": {"Type": "Succeed"}}})


def test_a_state_of_a_machine_is_tested_by_name_wherever_it_stands(local):
    tested = local("TestState", definition=MACHINE, stateName="Inner")
    assert tested == {"status": "SUCCEEDED", "output": "1"}
    mock = {"result": "[5]"}
    tested = local("TestState", definition=MACHINE, stateName="Outer", mock=mock)
    assert tested == {"status": "SUCCEEDED", "output": "[5]", "nextState": "Last"}


def test_data_that_looks_like_a_machine_is_none(local):
    each = {"Type": "Map", "ItemProcessor": INNER, "End": True}
    branch = {"StartAt": "Each", "States": {"Each": each}}
    data = {"Type": "Pass", "Parameters": {"States": {"Each": 7}}, "End": True}
    outer = {"Type": "Parallel", "Branches": [branch], "Next": "Data"}
    text = json.dumps({"StartAt": "Outer", "States": {"Outer": outer, "Data": data}})
    mock = {"result": "[5]"}
    tested = local("TestState", definition=text, stateName="Each", input="[1]", mock=mock)
    assert tested == {"status": "SUCCEEDED", "output": "[5]"}


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
@pytest.mark.parametrize("items", ["[]", "[1]"])
def test_a_map_answers_its_mock_however_many_items_it_has(local, mode, items):
    config = {"Mode": mode} | ({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})
    each = {"Type": "Map", "ItemProcessor": INNER | {"ProcessorConfig": config}, "End": True}
    mock = {"result": "[5]"}
    tested = local("TestState", definition=json.dumps(each), input=items, mock=mock)
    assert tested == {"status": "SUCCEEDED", "output": "[5]"}


def test_a_state_that_is_not_there_is_refused(local):
    refused = local.refused("TestState", definition=MACHINE, stateName="None")
    assert refused == ("ValidationException", "State not found in definition")


@pytest.mark.parametrize("text", ["[]", "1", "{", "null"])
def test_a_definition_that_is_no_object_is_refused(local, text):
    with pytest.raises(Refused, match="InvalidDefinition"):
        local("TestState", definition=text)


@pytest.mark.parametrize(
    ("limits", "failed", "exceeded"),
    [
        (Limits(), 3, False),
        (Limits(count=1), 1, False),
        (Limits(count=1), 2, True),
        (Limits(percentage=34.0), 1, False),
        (Limits(percentage=33.0), 1, True),
        (Limits(count=3, percentage=0.0), 1, True),
    ],
)
def test_failed_iterations_are_weighed_against_both_thresholds(limits, failed, exceeded):
    assert limits.are_exceeded(failed, total=3) is exceeded
