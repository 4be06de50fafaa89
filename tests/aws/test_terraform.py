"""What Terraform's AWS provider asks for: create, read again without a difference, change, remove.

The calls and their members are those of terraform-provider-aws, internal/service/sfn
(aws_sfn_state_machine, aws_sfn_alias, aws_sfn_activity).
"""

import json

from tests.aws.conftest import ARN, PASS, ROLE

MACHINE = f"{ARN}stateMachine:tf"
CHANGED = json.dumps({"StartAt": "B", "States": {"B": {"Type": "Succeed"}}})
TAGS = [{"key": "team", "value": "a"}]


def plan(api, definition):
    """Before anything is made the definition is validated."""
    return api("ValidateStateMachineDefinition", definition=definition, type="STANDARD")["result"]


def apply(api, definition=PASS, *, publish=True):
    """Create a state machine as the resource does; its ARN."""
    return api(
        "CreateStateMachine",
        definition=definition,
        name="tf",
        publish=publish,
        roleArn=ROLE,
        tags=TAGS,
        type="STANDARD",
    )["stateMachineArn"]


def refresh(api, arn):
    """What the resource keeps of a state machine as its state."""
    read = api("DescribeStateMachine", stateMachineArn=arn)
    versions = api("ListStateMachineVersions", stateMachineArn=arn)["stateMachineVersions"]
    read["version"] = versions[0]["stateMachineVersionArn"] if versions else None
    read["tags"] = api("ListTagsForResource", resourceArn=arn)["tags"]
    return read


def test_what_was_applied_is_read_again_as_it_was(api):
    assert plan(api, PASS) == "OK"
    arn = apply(api)

    read = refresh(api, arn)

    assert (read["definition"], read["roleArn"], read["type"]) == (PASS, ROLE, "STANDARD")
    assert (read["name"], read["status"], read["tags"]) == ("tf", "ACTIVE", TAGS)
    assert read["version"] == f"{arn}:1"
    assert refresh(api, arn) == read


def test_a_definition_keeps_its_blanks_and_order(api):
    """jsonencode and heredocs differ in both; a difference would be planned again and again."""
    text = '{\n  "StartAt" : "A",\n  "States": {"A": {"End": true, "Type": "Pass"}}\n}\n'

    assert refresh(api, apply(api, text))["definition"] == text


def test_a_bad_definition_is_refused_in_the_plan(api):
    assert plan(api, '{"StartAt": "Z", "States": {"A": {"Type": "Succeed"}}}') == "FAIL"


def test_a_change_is_read_at_once_and_published(api):
    arn = apply(api)

    api(
        "UpdateStateMachine",
        definition=CHANGED,
        publish=True,
        roleArn=ROLE,
        stateMachineArn=arn,
        versionDescription="",
    )

    read = refresh(api, arn)
    assert (read["definition"], read["version"]) == (CHANGED, f"{arn}:2")
    assert read["revisionId"]


def test_changed_tags_are_set_and_removed(api):
    arn = apply(api)

    api("UntagResource", resourceArn=arn, tagKeys=["team"])
    api("TagResource", resourceArn=arn, tags=[{"key": "env", "value": "b"}])

    assert refresh(api, arn)["tags"] == [{"key": "env", "value": "b"}]


def test_logging_and_tracing_are_kept_as_given(api):
    group = "arn:aws:logs:us-east-1:000000000000:log-group:states:*"
    logging = {
        "includeExecutionData": True,
        "level": "ALL",
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
    api(
        "CreateStateMachine",
        definition=PASS,
        name="tf",
        publish=False,
        roleArn=ROLE,
        type="STANDARD",
        loggingConfiguration=logging,
        tracingConfiguration={"enabled": True},
    )

    read = refresh(api, MACHINE)
    assert read["loggingConfiguration"] == logging
    assert read["tracingConfiguration"] == {"enabled": True}
    assert read["version"] is None


def test_a_removed_state_machine_is_not_found_by_the_waiter(api):
    arn = apply(api)

    api("DeleteStateMachine", stateMachineArn=arn)

    assert api.refused("DescribeStateMachine", stateMachineArn=arn)[0] == "StateMachineDoesNotExist"


def test_an_alias_is_made_moved_and_removed_before_its_versions(api):
    arn = apply(api)
    api("UpdateStateMachine", definition=CHANGED, publish=True, stateMachineArn=arn)
    one, both = (
        [{"stateMachineVersionArn": f"{arn}:{n}", "weight": weight} for n, weight in weights]
        for weights in ([(1, 100)], [(1, 90), (2, 10)])
    )
    alias = api("CreateStateMachineAlias", name="prod", description="", routingConfiguration=one)[
        "stateMachineAliasArn"
    ]
    made = api("DescribeStateMachineAlias", stateMachineAliasArn=alias)
    api("UpdateStateMachineAlias", stateMachineAliasArn=alias, routingConfiguration=both)
    moved = api("DescribeStateMachineAlias", stateMachineAliasArn=alias)
    api("DeleteStateMachineAlias", stateMachineAliasArn=alias)

    assert (made["name"], made["routingConfiguration"]) == ("prod", one)
    assert made.get("description", "") == ""
    assert moved["routingConfiguration"] == both
    refusal = api.refused("DescribeStateMachineAlias", stateMachineAliasArn=alias)
    assert refusal[0] == "ResourceNotFound"


def test_an_activity_is_made_read_and_removed(api):
    arn = api("CreateActivity", name="dig", tags=TAGS)["activityArn"]
    read = api("DescribeActivity", activityArn=arn)
    tags = api("ListTagsForResource", resourceArn=arn)["tags"]
    api("DeleteActivity", activityArn=arn)

    assert (read["name"], tags) == ("dig", TAGS)
    assert read["creationDate"]
    assert api.refused("DescribeActivity", activityArn=arn)[0] == "ActivityDoesNotExist"
