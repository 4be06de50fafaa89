"""Definitions as the API takes or refuses them, and machines that are being deleted."""

import dataclasses
import json

import pytest

from tests.aws.conftest import ARN, PASS, ROLE

M = ARN + "stateMachine:m"
WAIT = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": True}}})
QUEUED = "arn:aws:states:::sqs:sendMessage"


def machine(**state):
    return json.dumps({"StartAt": "S", "States": {"S": {"End": True, **state}}})


def test_a_service_that_a_function_stands_for_is_known(local):
    settings = dataclasses.replace(local.services.settings, resources={QUEUED: "fn:send"})
    text = machine(Type="Task", Resource=QUEUED, Parameters={})
    [unknown] = local("ValidateStateMachineDefinition", definition=text)["diagnostics"]
    assert unknown["location"] == "/States/S/Resource"
    local.services.settings = settings
    assert local("ValidateStateMachineDefinition", definition=text)["result"] == "OK"


def test_a_machine_whose_tasks_a_function_stands_in_for_is_created_and_updated(api):
    api.services.settings = dataclasses.replace(
        api.services.settings, resources={QUEUED: "fn:send"}
    )
    text = machine(Type="Task", Resource=QUEUED, Parameters={})
    api.create(definition=text)
    api("UpdateStateMachine", stateMachineArn=M, definition=text.replace("{}", '{"a": 1}'))


def test_every_unsound_expression_is_named_with_its_place(api):
    text = json.loads(machine(Type="Pass", Output={"a": "{% phone[0] %}", "b": "{% 1 + %}"}))
    text = json.dumps({"QueryLanguage": "JSONata", **text})
    assert api.refused("CreateStateMachine", name="m", definition=text, roleArn=ROLE) == (
        "InvalidDefinition",
        "Invalid State Machine Definition: 'UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' "
        "at the top level is not supported. at /States/S/Output/a, INVALID_JSONATA_EXPRESSION: "
        "Unexpected end of expression at /States/S/Output/b'",
    )


def test_a_machine_is_being_deleted_until_its_last_run_has_ended(api):
    arn = api.run(api.create(definition=WAIT))
    api("DeleteStateMachine", stateMachineArn=M)
    assert api("DescribeStateMachine", stateMachineArn=M)["status"] == "DELETING"
    [listed] = api("ListExecutions", stateMachineArn=M)["executions"]
    assert listed["executionArn"] == arn
    api("StopExecution", executionArn=arn)
    code, _ = api.refused("DescribeStateMachine", stateMachineArn=M)
    assert code == "StateMachineDoesNotExist"


def test_nothing_is_begun_with_a_machine_that_is_being_deleted(api):
    api.run(api.create(definition=WAIT))
    api("DeleteStateMachine", stateMachineArn=M)
    deleting = ("StateMachineDeleting", f"State Machine is being deleted: '{M}'")
    assert api.refused("StartExecution", stateMachineArn=M) == deleting
    assert api.refused("UpdateStateMachine", stateMachineArn=M, definition=PASS) == deleting
    assert api.refused("PublishStateMachineVersion", stateMachineArn=M) == deleting
    assert api("DeleteStateMachine", stateMachineArn=M) == {}


def test_the_name_of_a_machine_that_is_being_deleted_is_free(api):
    api.run(api.create(definition=WAIT))
    api("DeleteStateMachine", stateMachineArn=M)
    api.create()
    assert api("DescribeStateMachine", stateMachineArn=M)["status"] == "ACTIVE"


def test_a_refusal_says_what_its_model_has_beside_the_message(api):
    api.create(publish=True)
    routing = [{"stateMachineVersionArn": M + ":1", "weight": 99}]
    body = json.dumps({"name": "a", "routingConfiguration": routing}).encode()
    answered = api.answer("AWSStepFunctions.CreateStateMachineAlias", body).body
    assert answered["reason"] == "INVALID_ROUTING_CONFIGURATION"
    body = json.dumps({"resourceArn": M + "x"}).encode()
    answered = api.answer("AWSStepFunctions.ListTagsForResource", body).body
    assert answered["resourceName"] == M + "x"


def test_there_are_no_keys_to_encrypt_with(api):
    keys = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}
    for operation, members in (
        ("CreateStateMachine", {"definition": PASS, "roleArn": ROLE}),
        ("CreateActivity", {}),
    ):
        code, _ = api.refused(operation, name="m", encryptionConfiguration=keys, **members)
        assert code == "InvalidEncryptionConfiguration"
    owned = {"type": "AWS_OWNED_KEY"}
    api.create(encryptionConfiguration=owned)
    described = api("DescribeStateMachine", stateMachineArn=M)
    assert described["encryptionConfiguration"] == owned


@pytest.mark.parametrize(
    ("qualifier", "version", "result"),
    [
        ("", None, '"B"'),
        (":1", M + ":1", '"A"'),
        (":2", M + ":2", '"B"'),
        (":prod", M + ":1", '"A"'),
    ],
)
def test_a_task_starts_what_its_arn_names(api, qualifier, version, result):
    text = machine(Type="Pass", Result="A")
    api.create(definition=text, publish=True)
    api("UpdateStateMachine", stateMachineArn=M, roleArn=ROLE + "2")  # a revision of its own
    text = text.replace('"A"', '"B"')
    api("UpdateStateMachine", stateMachineArn=M, definition=text, publish=True)
    routing = [{"stateMachineVersionArn": M + ":1", "weight": 100}]
    api("CreateStateMachineAlias", name="prod", routingConfiguration=routing)
    task = machine(
        Type="Task",
        Resource="arn:aws:states:::states:startExecution.sync",
        Parameters={"StateMachineArn": M + qualifier, "Name": "child"},
    )
    api.run(api.create(name="parent", definition=task))
    child = api("DescribeExecution", executionArn=f"{ARN}execution:m:child")
    assert child["output"] == result
    assert child.get("stateMachineVersionArn") == version
    assert ("stateMachineAliasArn" in child) == (qualifier == ":prod")


def test_a_task_does_not_start_what_is_not_there(api):
    api.create()
    task = machine(
        Type="Task",
        Resource="arn:aws:states:::states:startExecution",
        Parameters={"StateMachineArn": M + ":7"},
    )
    arn = api.run(api.create(name="parent", definition=task))
    described = api("DescribeExecution", executionArn=arn)
    assert described["error"] == "StepFunctions.StateMachineDoesNotExistException"
    assert described["cause"].startswith(f"State Machine Does Not Exist: '{M}:7'")
