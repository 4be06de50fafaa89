"""State machines, their revisions, published versions and aliases, as AWS was recorded."""

import json

import pytest
from asl.aws.operations import versions
from asl.usecases.create import Create, create
from asl.usecases.list_machines import List, list_machines

from tests.aws.conftest import ARN, PASS, ROLE

WAIT = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": True}}})
OTHER = PASS.replace('"A"', '"B"')
M = ARN + "stateMachine:m"


def test_the_same_request_answers_the_machine_there_is(api):
    first = api("CreateStateMachine", name="m", definition=PASS, roleArn=ROLE)
    again = api("CreateStateMachine", name="m", definition=PASS, roleArn=ROLE + "2")
    assert again == first
    assert api("DescribeStateMachine", stateMachineArn=M)["roleArn"] == ROLE


@pytest.mark.parametrize(
    "change",
    [
        {"definition": PASS + " "},
        {"definition": OTHER},
        {"type": "EXPRESS"},
        {"tracingConfiguration": {"enabled": True}},
    ],
    ids=["another layout", "another definition", "another type", "another configuration"],
)
def test_a_name_that_is_taken_is_refused(api, change):
    api.create()
    request = {"name": "m", "definition": PASS, "roleArn": ROLE} | change
    code, message = api.refused("CreateStateMachine", **request)
    assert code == "StateMachineAlreadyExists"
    assert message == f"State Machine Already Exists: '{M}'"


def test_a_definition_comes_back_to_the_letter(api):
    text = json.dumps(json.loads(PASS) | {"Comment": "é 😀"}, indent=3, ensure_ascii=False)
    api.create(definition=text)
    assert api("DescribeStateMachine", stateMachineArn=M)["definition"] == text


def test_a_machine_that_was_never_updated_has_no_revision(api):
    api.create()
    described = api("DescribeStateMachine", stateMachineArn=M)
    assert described.pop("creationDate") > 1_700_000_000
    assert described == {
        "stateMachineArn": M,
        "name": "m",
        "status": "ACTIVE",
        "type": "STANDARD",
        "definition": PASS,
        "roleArn": ROLE,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
    }


def test_an_update_makes_a_revision_and_one_that_changes_nothing_does_not(api):
    api.create()
    first = api("UpdateStateMachine", stateMachineArn=M, definition=OTHER)
    assert api("UpdateStateMachine", stateMachineArn=M, definition=OTHER) == first
    second = api("UpdateStateMachine", stateMachineArn=M, roleArn=ROLE + "2")
    assert second["revisionId"] != first["revisionId"]
    described = api("DescribeStateMachine", stateMachineArn=M)
    assert described["revisionId"] == second["revisionId"]
    assert (described["definition"], described["roleArn"]) == (OTHER, ROLE + "2")


def test_a_request_to_update_nothing_is_refused(api):
    api.create()
    assert api.refused("UpdateStateMachine", stateMachineArn=M) == (
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the "
        "TracingConfiguration must be specified",
    )


def test_publishing_without_a_change_publishes_the_first_revision(api):
    api.create()
    updated = api("UpdateStateMachine", stateMachineArn=M, publish=True)
    assert updated["stateMachineVersionArn"] == M + ":1"
    assert "revisionId" not in updated


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a\u0085", "a*"])
def test_names_that_aws_refuses_are_refused(api, name):
    request = {"name": name, "definition": PASS, "roleArn": ROLE}
    refused = ("InvalidName", f"Invalid Name: '{name}'")
    assert api.refused("CreateStateMachine", **request) == refused
    assert api.refused("CreateActivity", name=name) == refused


def test_a_faulty_definition_is_refused_with_its_faults(api):
    request = {"name": "m", "definition": "{}", "roleArn": ROLE}
    assert api.refused("CreateStateMachine", **request) == (
        "InvalidDefinition",
        "Invalid State Machine Definition: "
        "'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'",
    )


@pytest.mark.parametrize("definition", [" ", "[]", "null"])
def test_a_fault_of_the_whole_definition_is_at_null(api, definition):
    request = {"name": "m", "definition": definition, "roleArn": ROLE}
    assert api.refused("CreateStateMachine", **request) == (
        "InvalidDefinition",
        "Invalid State Machine Definition: "
        "'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null'",
    )


@pytest.mark.parametrize(
    "change",
    [("us-east-1", "eu-west-1"), ("000000000000", "111111111111"), ("arn:aws:", "arn:aws-cn:")],
    ids=["another region", "another account", "another partition"],
)
def test_what_another_installation_has_is_not_deleted_here(api, change):
    api.create(publish=True)
    alias = {"name": "prod"}
    alias["routingConfiguration"] = [{"stateMachineVersionArn": M + ":1", "weight": 100}]
    api("CreateStateMachineAlias", **alias)
    api("DeleteStateMachineAlias", stateMachineAliasArn=(M + ":prod").replace(*change))
    assert api("DescribeStateMachineAlias", stateMachineAliasArn=M + ":prod")
    api("DeleteStateMachineAlias", stateMachineAliasArn=M + ":prod")
    api("DeleteStateMachineVersion", stateMachineVersionArn=(M + ":1").replace(*change))
    assert len(api("ListStateMachineVersions", stateMachineArn=M)["stateMachineVersions"]) == 1


def test_the_id_of_a_machine_is_no_name_in_an_arn(api, services):
    api.create(publish=True)
    [machine] = list_machines(List(), services)["items"]
    by_id = ARN + "stateMachine:" + machine["id"]
    refused = ("ResourceNotFound", f"Resource not found: '{by_id}'")
    assert api.refused("ListTagsForResource", resourceArn=by_id) == refused
    api("DeleteStateMachineVersion", stateMachineVersionArn=by_id + ":1")
    assert len(api("ListStateMachineVersions", stateMachineArn=M)["stateMachineVersions"]) == 1


def test_a_machine_that_is_being_deleted_has_no_versions_left(api):
    api.create(definition=WAIT, publish=True)
    api.run(M)
    api("DeleteStateMachine", stateMachineArn=M)
    assert api("DescribeStateMachine", stateMachineArn=M)["status"] == "DELETING"
    assert api("ListStateMachineVersions", stateMachineArn=M) == {"stateMachineVersions": []}


def test_updates_of_different_things_at_the_same_time_are_both_kept(api, monkeypatch):
    api.create()
    machines = api.services.store.machines
    version = machines.version

    def version_and_update(*key):
        found = version(*key)
        monkeypatch.setattr(machines, "version", version)
        api("UpdateStateMachine", stateMachineArn=M, definition=OTHER)
        return found

    monkeypatch.setattr(machines, "version", version_and_update)
    api("UpdateStateMachine", stateMachineArn=M, roleArn=ROLE + "2")
    described = api("DescribeStateMachine", stateMachineArn=M)
    assert (described["definition"], described["roleArn"]) == (OTHER, ROLE + "2")


def test_an_update_that_cannot_be_published_changes_nothing(api, monkeypatch):
    api.create(publish=True)
    monkeypatch.setattr(versions, "MOST_VERSIONS", 1)
    code, _ = api.refused("UpdateStateMachine", stateMachineArn=M, definition=OTHER, publish=True)
    assert code == "ServiceQuotaExceededException"
    assert api("DescribeStateMachine", stateMachineArn=M)["definition"] == PASS


def test_a_machine_that_is_asked_for_without_its_data_shows_an_empty_definition(api):
    api.create()
    described = api("DescribeStateMachine", stateMachineArn=M, includedData="METADATA_ONLY")
    assert described["definition"] == "{}"  # documented by AWS


def test_what_is_not_there_is_as_good_as_deleted(api):
    api.create()
    assert api("DeleteStateMachine", stateMachineArn=M + "x") == {}
    assert api("DeleteStateMachineVersion", stateMachineVersionArn=M + ":7") == {}
    assert api("DeleteStateMachineAlias", stateMachineAliasArn=M + ":none") == {}
    assert api("DeleteActivity", activityArn=ARN + "activity:none") == {}


def test_a_deleted_machine_frees_its_name_and_takes_versions_and_aliases_along(api):
    api.create(publish=True)
    api(
        "CreateStateMachineAlias",
        name="prod",
        routingConfiguration=[{"stateMachineVersionArn": M + ":1", "weight": 100}],
    )
    api("DeleteStateMachine", stateMachineArn=M)
    gone = ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{M}'")
    assert api.refused("DescribeStateMachine", stateMachineArn=M) == gone
    assert api.refused("StartExecution", stateMachineArn=M) == gone
    api.create()
    assert api("ListStateMachineVersions", stateMachineArn=M)["stateMachineVersions"] == []
    assert api("ListStateMachineAliases", stateMachineArn=M)["stateMachineAliases"] == []


def test_machines_are_listed_by_name_page_by_page(api):
    for number in range(11):
        api.create(f"m{number}")
    names, token = [], {}
    while True:
        page = api("ListStateMachines", maxResults=4, **token)
        names += [machine["name"] for machine in page["stateMachines"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert names == sorted(f"m{number}" for number in range(11))


def test_a_machine_is_the_same_through_both_doors(api, services):
    api.create("by-api")
    create(Create(definition=json.loads(PASS), name="by-action"), services)
    listed = [machine["name"] for machine in list_machines(List(), services)["items"]]
    assert listed == ["by-action", "by-api"]
    described = api("DescribeStateMachine", stateMachineArn=ARN + "stateMachine:by-action")
    assert json.loads(described["definition"]) == json.loads(PASS)
    assert described["roleArn"] == ""


@pytest.mark.parametrize(
    "arn",
    [
        M.replace("us-east-1", "eu-west-1"),
        M.replace("000000000000", "111111111111"),
        M.replace("arn:aws:", "arn:aws-cn:"),
        M + ":9",
        M + ":none",
    ],
    ids=["another region", "another account", "another partition", "no version", "no alias"],
)
def test_a_name_of_something_else_does_not_exist(api, arn):
    api.create()
    assert api.refused("DescribeStateMachine", stateMachineArn=arn) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{arn}'",
    )


def test_published_numbers_are_never_used_again(api):
    api.create(publish=True)
    api("UpdateStateMachine", stateMachineArn=M, definition=OTHER, publish=True)
    api("DeleteStateMachineVersion", stateMachineVersionArn=M + ":2")
    published = api("PublishStateMachineVersion", stateMachineArn=M)
    assert published["stateMachineVersionArn"] == M + ":3"
    listed = api("ListStateMachineVersions", stateMachineArn=M)["stateMachineVersions"]
    assert [version["stateMachineVersionArn"] for version in listed] == [M + ":3", M + ":1"]


def test_publishing_twice_answers_the_same_version(api):
    api.create()
    first = api("PublishStateMachineVersion", stateMachineArn=M, description="one")
    assert api("PublishStateMachineVersion", stateMachineArn=M) == first
    described = api("DescribeStateMachine", stateMachineArn=M + ":1")
    assert described["description"] == "one"
    assert described["stateMachineArn"] == M + ":1"


def test_publishing_a_revision_that_is_not_the_current_one_is_refused(api):
    api.create()
    api("PublishStateMachineVersion", stateMachineArn=M, revisionId="INITIAL")
    current = api("UpdateStateMachine", stateMachineArn=M, definition=OTHER)["revisionId"]
    request = {"stateMachineArn": M, "revisionId": "INITIAL"}
    assert api.refused("PublishStateMachineVersion", **request) == (
        "ConflictException",
        "Failed to publish the State Machine version for revision INITIAL. "
        f"The current State Machine revision is {current}.",
    )


def test_a_published_version_keeps_its_definition(api):
    api.create(publish=True)
    api("UpdateStateMachine", stateMachineArn=M, definition=OTHER)
    assert api("DescribeStateMachine", stateMachineArn=M + ":1")["definition"] == PASS
    assert api("DescribeStateMachine", stateMachineArn=M)["definition"] == OTHER


def test_a_description_needs_publish(api):
    request = {"name": "m", "definition": PASS, "roleArn": ROLE, "versionDescription": "x"}
    assert api.refused("CreateStateMachine", **request) == (
        "ValidationException",
        "Version description can only be set when publish is true",
    )


def routes(*weights):
    return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in weights]


@pytest.fixture
def two_versions(api):
    api.create(publish=True)
    api("UpdateStateMachine", stateMachineArn=M, definition=OTHER, publish=True)
    return api


@pytest.mark.parametrize(
    ("routing", "message"),
    [
        (
            routes((M, 100)),
            f"Routing configuration must contain state machine version ARNs. Received: [{M}]",
        ),
        (
            routes((M + ":1", 50), (M + ":1", 50)),
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: [{M}:1, {M}:1]",
        ),
        (
            routes((M + ":1", 70), (M + ":2", 29)),
            "Sum of routing configuration weights must equal 100. Received: [70, 29]",
        ),
    ],
    ids=["no version", "the same version twice", "the sum is 99"],
)
def test_a_routing_that_makes_no_sense_is_refused(two_versions, routing, message):
    request = {"name": "prod", "routingConfiguration": routing}
    refused = two_versions.refused("CreateStateMachineAlias", **request)
    assert refused == ("ValidationException", message)


def test_an_alias_is_created_once_and_only_once_with_the_same_routing(two_versions):
    request = {"name": "prod", "routingConfiguration": routes((M + ":1", 30), (M + ":2", 70))}
    first = two_versions("CreateStateMachineAlias", **request)
    assert first["stateMachineAliasArn"] == M + ":prod"
    assert two_versions("CreateStateMachineAlias", **request) == first
    other = request | {"routingConfiguration": routes((M + ":1", 100))}
    assert two_versions.refused("CreateStateMachineAlias", **other) == (
        "ConflictException",
        "Failed to create alias because an alias with the same name and a different routing "
        "configuration already exists.",
    )


def test_an_alias_can_be_changed_described_and_deleted(two_versions):
    api, arn = two_versions, M + ":prod"
    api("CreateStateMachineAlias", name="prod", routingConfiguration=routes((M + ":1", 100)))
    api(
        "UpdateStateMachineAlias",
        stateMachineAliasArn=arn,
        description="d",
        routingConfiguration=routes((M + ":2", 100)),
    )
    described = api("DescribeStateMachineAlias", stateMachineAliasArn=arn)
    assert described["routingConfiguration"] == routes((M + ":2", 100))
    assert described["description"] == "d"
    assert described["updateDate"] >= described["creationDate"]
    api("DeleteStateMachineAlias", stateMachineAliasArn=arn)
    gone = ("ResourceNotFound", "Request references a resource that does not exist.")
    assert api.refused("DescribeStateMachineAlias", stateMachineAliasArn=arn) == gone
    update = {"stateMachineAliasArn": arn, "description": "x"}
    assert api.refused("UpdateStateMachineAlias", **update) == gone


def test_a_version_that_an_alias_points_at_stays(two_versions):
    api = two_versions
    for name in ("b", "a"):
        api("CreateStateMachineAlias", name=name, routingConfiguration=routes((M + ":1", 100)))
    assert api.refused("DeleteStateMachineVersion", stateMachineVersionArn=M + ":1") == (
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. Current list of aliases "
        "referencing this version: [a, b]",
    )
    assert api("DeleteStateMachineVersion", stateMachineVersionArn=M + ":2") == {}


def test_aliases_are_listed_by_name_and_by_version(two_versions):
    api = two_versions
    for name, number in (("c", 1), ("a", 2), ("b", 1)):
        routing = routes((f"{M}:{number}", 100))
        api("CreateStateMachineAlias", name=name, routingConfiguration=routing)

    def listed(arn):
        page = api("ListStateMachineAliases", stateMachineArn=arn)["stateMachineAliases"]
        return [alias["stateMachineAliasArn"].rpartition(":")[2] for alias in page]

    assert listed(M) == ["a", "b", "c"]
    assert listed(M + ":1") == ["b", "c"]


def test_tags_are_given_changed_and_taken_away(api):
    api.create(tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    api("TagResource", resourceArn=M, tags=[{"key": "b", "value": "3"}, {"key": "c"}])
    api("UntagResource", resourceArn=M, tagKeys=["a", "none"])
    assert api("ListTagsForResource", resourceArn=M)["tags"] == [
        {"key": "b", "value": "3"},
        {"key": "c", "value": ""},
    ]


def tag_meanwhile(api, monkeypatch, table, arn, key):
    """The next look at a thing is followed by somebody else's tag for it."""
    find = table.find

    def find_and_tag(name):
        found = find(name)
        monkeypatch.setattr(table, "find", find)
        api("TagResource", resourceArn=arn, tags=[{"key": key}])
        return found

    monkeypatch.setattr(table, "find", find_and_tag)


@pytest.mark.parametrize("kind", ["machine", "activity"])
def test_tags_that_are_given_at_the_same_time_are_all_kept(api, monkeypatch, kind):
    api.create()
    activity = api("CreateActivity", name="a")["activityArn"]
    arn = {"machine": M, "activity": activity}[kind]
    store = api.services.store
    table = {"machine": store.machines, "activity": store.activities}[kind]

    def keys():
        return {tag["key"] for tag in api("ListTagsForResource", resourceArn=arn)["tags"]}

    tag_meanwhile(api, monkeypatch, table, arn, "theirs")
    api("TagResource", resourceArn=arn, tags=[{"key": "ours"}])
    assert keys() == {"theirs", "ours"}
    tag_meanwhile(api, monkeypatch, table, arn, "more")
    api("UntagResource", resourceArn=arn, tagKeys=["ours"])
    assert keys() == {"theirs", "more"}


def test_a_version_has_no_tags(api):
    api.create(publish=True)
    request = {"resourceArn": M + ":1", "tags": [{"key": "a", "value": "b"}]}
    refused = ("ResourceNotFound", f"Resource not found: '{M}:1'")
    assert api.refused("TagResource", **request) == refused


def test_a_resource_has_at_most_fifty_tags(api):
    api.create(tags=[{"key": f"k{number}", "value": ""} for number in range(50)])
    code, _ = api.refused("TagResource", resourceArn=M, tags=[{"key": "one more", "value": ""}])
    assert code == "TooManyTags"
    assert len(api("ListTagsForResource", resourceArn=M)["tags"]) == 50


def log_group(arn="arn:aws:logs:us-east-1:000000000000:log-group:states:*"):
    return {"cloudWatchLogsLogGroup": {"logGroupArn": arn}}


@pytest.mark.parametrize(
    ("logging", "why"),
    [
        ({"level": "ALL"}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": []}, "Must specify exactly one Log Destination."),
        ({"destinations": [log_group()] * 2}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": [log_group("states")]}, "Log Destination not found."),
    ],
)
def test_logging_without_a_destination_is_refused(api, logging, why):
    request = {"name": "m", "definition": PASS, "roleArn": ROLE, "loggingConfiguration": logging}
    refused = ("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")
    assert api.refused("CreateStateMachine", **request) == refused


@pytest.mark.parametrize(
    "logging",
    [{"level": "OFF"}, {}, {"destinations": []}, {"level": "ALL", "destinations": [log_group()]}],
)
def test_logging_is_shown_with_its_defaults(api, logging):
    api.create(loggingConfiguration=logging)
    described = api("DescribeStateMachine", stateMachineArn=M)
    default = {"level": "OFF", "includeExecutionData": False}
    assert described["loggingConfiguration"] == default | logging


def test_a_definition_is_validated_without_being_stored(api):
    assert api("ValidateStateMachineDefinition", definition=PASS) == {
        "result": "OK",
        "diagnostics": [],
        "truncated": False,
    }
    answered = api("ValidateStateMachineDefinition", definition="{}")
    assert answered["result"] == "FAIL"
    assert answered["diagnostics"] == [
        {
            "severity": "ERROR",
            "code": "SCHEMA_VALIDATION_FAILED",
            "message": "These fields are required: [States, StartAt]",
            "location": "/",
        }
    ]


def test_more_faults_than_asked_for_are_truncated(api):
    states = {name: {"Type": "Pass", "Next": "none"} for name in ("A", "B", "C")}
    text = json.dumps({"StartAt": "A", "States": states})
    answered = api("ValidateStateMachineDefinition", definition=text, maxResults=2)
    assert len(answered["diagnostics"]) == 2
    assert answered["truncated"]


def test_activities_are_created_once_described_listed_and_deleted(api):
    first = api("CreateActivity", name="a", tags=[{"key": "k", "value": "v"}])
    assert api("CreateActivity", name="a") == first
    arn = first["activityArn"]
    assert arn == ARN + "activity:a"
    assert api("DescribeActivity", activityArn=arn) == first | {"name": "a"}
    assert api("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]
    api("CreateActivity", name="b")
    page = api("ListActivities", maxResults=1)
    rest = api("ListActivities", maxResults=1, nextToken=page["nextToken"])
    assert [activity["name"] for activity in page["activities"] + rest["activities"]] == ["a", "b"]
    api("DeleteActivity", activityArn=arn)
    gone = ("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    assert api.refused("DescribeActivity", activityArn=arn) == gone
