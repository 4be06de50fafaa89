"""Published versions of a machine: numbers that never mean anything else."""

from __future__ import annotations

from typing import Any

from asl.aws import errors
from asl.aws.arns import parse_arn
from asl.aws.call import Call, seconds
from asl.aws.targets import FIRST_REVISION, find_living, find_machine, find_target, revision_id
from asl.store.published import VersionInUse
from asl.store.tables import PublishedVersion

MOST_VERSIONS = 1000  # of one machine


def publish_state_machine_version(call: Call) -> dict[str, Any]:
    """Publish the version that is active; the same one again answers the number it has."""
    members = call.members
    machine = find_machine(call, members["stateMachineArn"])
    current = revision_id(machine.id, machine.active_version) or FIRST_REVISION
    check_quota(call, machine.id)
    wanted = members.get("revisionId", current)
    if wanted != current:
        raise errors.conflict(
            f"Failed to publish the State Machine version for revision {wanted}. "
            f"The current State Machine revision is {current}."
        )
    published = call.store.published.publish(
        machine.id, machine.active_version, members.get("description", ""), call.services.now()
    )
    return {
        "stateMachineVersionArn": call.arns.published(machine.name, published.number),
        "creationDate": seconds(published.created_at),
    }


def check_quota(call: Call, machine_id: str) -> None:
    """ServiceQuotaExceededException where a machine has all the versions it may have."""
    if len(call.store.published.page(machine_id, per_page=MOST_VERSIONS)) == MOST_VERSIONS:
        raise errors.AwsError(
            "ServiceQuotaExceededException",
            f"A state machine has at most {MOST_VERSIONS} versions",
        )


def list_state_machine_versions(call: Call) -> dict[str, Any]:
    """Newest first."""
    before, arn = call.page_number, call.members["stateMachineArn"]
    target = find_target(call, arn)
    if target.published is not None:
        raise errors.state_machine_does_not_exist(arn)
    machine = target.machine
    found = call.store.published.page(machine.id, per_page=call.page_size + 1, before=before)

    def view(published: PublishedVersion) -> dict[str, Any]:
        return {
            "stateMachineVersionArn": call.arns.published(machine.name, published.number),
            "creationDate": seconds(published.created_at),
        }

    return call.page("stateMachineVersions", list(found), lambda row: str(row.number), view)


def delete_state_machine_version(call: Call) -> dict[str, Any]:
    """What is not there is as good as deleted; ConflictException while an alias points at it."""
    arn = parse_arn(call.members["stateMachineVersionArn"], "stateMachine")
    qualifier = arn.qualifier or ""
    if not (qualifier.isascii() and qualifier.isdecimal()):
        raise errors.invalid_arn_prefix(arn.text)
    machine = find_living(call, arn)
    if machine is None:
        return {}
    try:
        call.store.published.delete(machine.id, int(qualifier[:9]))
    except VersionInUse as used:
        raise errors.conflict(
            "Version to be deleted must not be referenced by an alias. Current list of aliases "
            f"referencing this version: [{', '.join(used.aliases)}]"
        ) from used
    return {}
