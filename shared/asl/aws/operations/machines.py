"""State machines: created, described, updated, deleted."""

from __future__ import annotations

from typing import Any

from asl.aws import errors
from asl.aws.arns import check_role, parse_arn
from asl.aws.call import Call, seconds
from asl.aws.operations.configuration import (
    FIELDS,
    kept_configuration,
    read_configuration,
)
from asl.aws.operations.tags import read_tags
from asl.aws.operations.versions import check_quota
from asl.aws.targets import (
    find_labelled,
    find_machine,
    find_run,
    map_run_arn,
    qualified_name,
    revision_id,
)
from asl.language import jsontext
from asl.store.errors import NameTaken
from asl.store.machines import ACTIVE
from asl.store.tables import PublishedVersion, StateMachine, StateMachineVersion
from asl.usecases.common import check_definition, check_name
from asl.usecases.delete import Delete, delete
from asl.usecases.errors import InvalidDefinition, InvalidInput

NOTHING_TO_UPDATE = (
    "Either the definition, the role ARN, the LoggingConfiguration, "
    "or the TracingConfiguration must be specified"
)


def create_state_machine(call: Call) -> dict[str, Any]:
    """Idempotent on all but role and tags, which an equal request leaves as they were."""
    members = call.members
    named(members["name"])
    check_role(members["roleArn"])
    _check_version_description(members)
    type_ = members.get("type", "STANDARD")
    _check_definition(call, members["definition"], type_)
    configuration = jsontext.dumps(read_configuration(members))
    try:
        machine = call.store.machines.create(
            id_=call.services.new_id(),
            name=members["name"],
            type_=type_,
            definition=members["definition"],
            now=call.services.now(),
            tags=read_tags(members.get("tags", ())),
            role_arn=members["roleArn"],
            configuration=configuration,
        )
    except NameTaken as taken:
        equal = _equal(call, type_, configuration)
        if equal is None:
            arn = call.arns.state_machine(members["name"])
            raise errors.state_machine_already_exists(arn) from taken
        machine = equal
    answer = {
        "stateMachineArn": call.arns.state_machine(machine.name),
        "creationDate": seconds(machine.created_at),
    }
    return answer | _publish(call, machine)


def _equal(call: Call, type_: str, configuration: str) -> StateMachine | None:
    """The machine of the name, when the same request made it."""
    members = call.members
    machine = call.store.machines.find(members["name"])
    if machine is None or machine.type != type_:
        return None
    version = call.store.machines.version(machine.id, machine.active_version)
    if version is None or version.definition != members["definition"]:
        return None
    if jsontext.dumps(kept_configuration(version)) != configuration:
        return None
    published = call.store.published.page(machine.id, per_page=1)
    if members.get("publish") and published:
        description = members.get("versionDescription", "")
        return machine if published[0].description == description else None
    return machine


def named(name: str) -> None:
    """InvalidName for a name with characters that AWS refuses."""
    try:
        check_name("name", name)
    except InvalidInput as fault:
        raise errors.invalid_name(name) from fault


def _check_definition(call: Call, text: str, type_: str) -> None:
    try:
        check_definition(text, type_, call.services.settings.resources)
    except InvalidDefinition as fault:
        raise errors.invalid_definition(fault.diagnostics) from fault


def _check_version_description(members: dict[str, Any]) -> None:
    if "versionDescription" in members and not members.get("publish"):
        raise errors.validation("Version description can only be set when publish is true")


def _publish(call: Call, machine: StateMachine) -> dict[str, Any]:
    if not call.members.get("publish"):
        return {}
    check_quota(call, machine.id)
    description = call.members.get("versionDescription", "")
    published = call.store.published.publish(
        machine.id, machine.active_version, description, call.services.now()
    )
    return {"stateMachineVersionArn": call.arns.published(machine.name, published.number)}


def update_state_machine(call: Call) -> dict[str, Any]:
    """What is given changes; where nothing changes, the revision stays as it is."""
    members = call.members
    machine = find_machine(call, members["stateMachineArn"])
    changeable = ("definition", "roleArn", *FIELDS)
    if not any(name in members for name in changeable) and not members.get("publish"):
        raise errors.AwsError("MissingRequiredParameter", NOTHING_TO_UPDATE)
    _check_version_description(members)
    if members.get("publish"):
        check_quota(call, machine.id)
    machine = _revise(call, machine)
    revision = revision_id(machine.id, machine.active_version)
    answer: dict[str, Any] = {"updateDate": seconds(machine.updated_at)}
    if revision is not None:
        answer["revisionId"] = revision
    return answer | _publish(call, machine)


def _revise(call: Call, machine: StateMachine) -> StateMachine:
    members = call.members
    version = _version(call, machine, machine.active_version)
    definition = members.get("definition", version.definition)
    role = members.get("roleArn", version.role_arn)
    before = kept_configuration(version)
    configuration = read_configuration(members, before)
    if "definition" in members:
        _check_definition(call, definition, machine.type)
    if "roleArn" in members:
        check_role(role)
    if (definition, role, configuration) == (version.definition, version.role_arn, before):
        return machine
    revised = call.store.machines.update(
        machine.id,
        definition,
        call.services.now(),
        role_arn=role,
        configuration=jsontext.dumps(configuration),
        replacing=machine.active_version,
    )
    if revised is None:  # somebody else was faster
        return _revise(call, find_machine(call, members["stateMachineArn"]))
    return revised


def _version(call: Call, machine: StateMachine, number: int) -> StateMachineVersion:
    version = call.store.machines.version(machine.id, number)
    if version is None:
        raise errors.state_machine_does_not_exist(call.arns.state_machine(machine.name))
    return version


def delete_state_machine(call: Call) -> dict[str, Any]:
    """What is not there is as good as deleted (recorded)."""
    arn = call.members["stateMachineArn"]
    parse_arn(arn, "stateMachine")
    try:
        machine = find_machine(call, arn)
    except errors.AwsError as fault:
        if fault.code not in ("StateMachineDoesNotExist", "StateMachineDeleting"):
            raise
        return {}
    delete(Delete(state_machine=machine.id), call.services)
    return {}


def describe_state_machine(call: Call) -> dict[str, Any]:
    """The machine as it is, or as it was published under the version or alias named.

    An ARN may have the label of one of its Distributed Maps, too.
    """
    target, label = find_labelled(call, call.members["stateMachineArn"])
    machine, published = target.machine, target.published
    version = _version(call, machine, target.version)
    answer = {
        "stateMachineArn": _described_arn(call, machine, published),
        "status": machine.status if machine.status == ACTIVE else "DELETING",
        "type": machine.type,
        "creationDate": seconds(machine.created_at if published is None else published.created_at),
        **_revision(call, machine, version),
    }
    if published is not None and published.description:
        answer["description"] = published.description
    if label is not None:
        answer |= {"stateMachineArn": call.members["stateMachineArn"], "label": label}
    return answer


def _described_arn(call: Call, machine: StateMachine, published: PublishedVersion | None) -> str:
    if published is None:
        return call.arns.state_machine(machine.name)
    return call.arns.published(machine.name, published.number)


def _revision(call: Call, machine: StateMachine, version: StateMachineVersion) -> dict[str, Any]:
    """What both kinds of description say of a version."""
    answer = {
        "name": machine.name,
        "definition": version.definition,
        "roleArn": version.role_arn or "",
        **kept_configuration(version),
    }
    revision = revision_id(machine.id, version.number)
    if revision is not None:
        answer["revisionId"] = revision
    definition = call.services.definitions.machine(machine.id, version.number)
    if references := definition.variable_references():
        answer["variableReferences"] = references
    if call.members.get("includedData") == "METADATA_ONLY":
        answer["definition"] = "{}"  # documented by AWS
    return answer


def describe_state_machine_for_execution(call: Call) -> dict[str, Any]:
    """The machine as it was when the run began."""
    row, machine = find_run(call, call.members["executionArn"])
    version = _version(call, machine, row.version)
    return {
        "stateMachineArn": call.arns.state_machine(qualified_name(machine, row)),
        "updateDate": seconds(version.created_at),
        **_revision(call, machine, version),
        **map_run_arn(call.services, machine, row),
        **({} if row.label is None else {"label": row.label}),
    }
