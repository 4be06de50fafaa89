"""Requests are checked against AWS's model, and refused in AWS's words."""

import pytest
from asl.aws import shapes
from asl.aws.errors import AwsError

from tests.aws.conftest import cases


@pytest.mark.parametrize("case", cases("shapes.json"))
def test_a_request_is_read_or_refused(case):
    if "read" in case:
        assert shapes.read_input(case["operation"], case["given"]) == case["read"]
        return
    with pytest.raises(AwsError) as refused:
        shapes.read_input(case["operation"], case["given"])
    assert [refused.value.code, str(refused.value)] == case["refused"]


def test_a_sensitive_value_is_not_repeated_in_a_refusal():
    with pytest.raises(AwsError) as refused:
        shapes.read_input("StartExecution", {"stateMachineArn": "a", "input": "x" * 262_145})
    assert str(refused.value) == (
        "1 validation error detected: Value at 'input' failed to satisfy constraint: "
        "Member must have length less than or equal to 262144"
    )


def test_a_page_token_of_list_executions_may_be_longer_than_those_of_others():
    token = "x" * 3096
    assert shapes.read_input("ListExecutions", {"nextToken": token}) == {"nextToken": token}
    with pytest.raises(AwsError, match="length less than or equal to 3096"):
        shapes.read_input("ListExecutions", {"nextToken": token + "x"})
    with pytest.raises(AwsError, match="length less than or equal to 1024"):
        shapes.read_input("ListStateMachines", {"nextToken": token})


def test_the_model_has_all_operations_of_aws():
    assert len(shapes.operations()) == 37
