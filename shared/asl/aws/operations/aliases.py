"""Aliases: names that share the runs of one machine out between one or two of its versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asl.aws import errors
from asl.aws.arns import Arn, parse_arn
from asl.aws.call import Call, seconds
from asl.aws.targets import find_living, find_target
from asl.store.errors import NameTaken
from asl.store.published import AliasRow, Routing
from asl.store.tables import StateMachine
from asl.usecases.targets import Target

MOST_ALIASES = 100  # of one machine


def create_state_machine_alias(call: Call) -> dict[str, Any]:
    """Idempotent on name, description and routing."""
    members = call.members
    machine, routing = _read_routing(call, members["routingConfiguration"])
    now = call.services.now()
    row = AliasRow(members["name"], members.get("description", ""), routing, now, now)
    if len(call.store.published.aliases(machine.id, per_page=MOST_ALIASES)) == MOST_ALIASES:
        raise errors.AwsError(
            "ServiceQuotaExceededException", f"A state machine has at most {MOST_ALIASES} aliases"
        )
    try:
        call.store.published.create_alias(machine.id, row)
    except NameTaken as taken:
        row = _equal(call, machine, row, taken)
    return {
        "stateMachineAliasArn": call.arns.alias(machine.name, row.name),
        "creationDate": seconds(row.created_at),
    }


def _equal(call: Call, machine: StateMachine, row: AliasRow, taken: NameTaken) -> AliasRow:
    known = call.store.published.alias(machine.id, row.name)
    if known is not None and known.routing == row.routing:
        if known.description == row.description:
            return known
        raise errors.conflict(
            "Failed to create alias because an alias with the same name and a different "
            "description already exists."
        ) from taken
    raise errors.conflict(
        "Failed to create alias because an alias with the same name and a different "
        "routing configuration already exists."
    ) from taken


def _read_routing(call: Call, given: Sequence[dict[str, Any]]) -> tuple[StateMachine, Routing]:
    """The one machine that all versions belong to, and their numbers with weights."""
    texts = [route["stateMachineVersionArn"] for route in given]
    _check_versions(texts)
    weights = [route["weight"] for route in given]
    if sum(weights) != 100:
        raise errors.invalid_routing(
            f"Sum of routing configuration weights must equal 100. Received: {weights}"
        )
    targets = [_find_version(call, text) for text in texts]
    routing = [
        (target.published.number, weight)
        for target, weight in zip(targets, weights, strict=True)
        if target.published is not None
    ]
    return targets[0].machine, routing


def _find_version(call: Call, text: str) -> Target:
    """The published version of an ARN; ResourceNotFound, which is what the model has for it."""
    try:
        return find_target(call, text)
    except errors.AwsError as fault:
        if fault.code != "StateMachineDoesNotExist":
            raise
        raise errors.no_such_reference() from fault


def _check_versions(texts: Sequence[str]) -> None:
    listed = ", ".join(texts)
    arns = [parse_arn(text, "stateMachine") for text in texts]
    if not all((arn.qualifier or "").isdecimal() for arn in arns):
        raise errors.invalid_routing(
            f"Routing configuration must contain state machine version ARNs. Received: [{listed}]"
        )
    if len(set(texts)) < len(texts):
        raise errors.invalid_routing(
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: [{listed}]"
        )
    if len({arn.name for arn in arns}) > 1:
        raise errors.invalid_routing(
            "Routing configuration must contain state machine version ARNs of the same state "
            f"machine. Received: [{listed}]"
        )


def update_state_machine_alias(call: Call) -> dict[str, Any]:
    members = call.members
    machine, row = _find(call, members["stateMachineAliasArn"])
    if "description" not in members and "routingConfiguration" not in members:
        raise errors.validation(
            "Either the description or the routing configuration must be specified"
        )
    routing = None
    if "routingConfiguration" in members:
        owner, routing = _read_routing(call, members["routingConfiguration"])
        if owner.id != machine.id:
            raise errors.invalid_routing(
                "Routing configuration must contain versions of the alias's state machine"
            )
    now = call.services.now()
    description = members.get("description")
    if not call.store.published.update_alias(
        machine.id, row.name, now, description=description, routing=routing
    ):
        raise errors.no_such_reference()
    return {"updateDate": seconds(now)}


def describe_state_machine_alias(call: Call) -> dict[str, Any]:
    machine, row = _find(call, call.members["stateMachineAliasArn"])
    answer = {
        "stateMachineAliasArn": call.arns.alias(machine.name, row.name),
        "name": row.name,
        "routingConfiguration": [
            {
                "stateMachineVersionArn": call.arns.published(machine.name, number),
                "weight": weight,
            }
            for number, weight in row.routing
        ],
        "creationDate": seconds(row.created_at),
        "updateDate": seconds(row.updated_at),
    }
    return answer | ({"description": row.description} if row.description else {})


def list_state_machine_aliases(call: Call) -> dict[str, Any]:
    """By name; with a version's ARN, those that point at it."""
    after = call.page_key
    target = find_target(call, call.members["stateMachineArn"])
    number = target.published_number
    found = call.store.published.aliases(
        target.machine.id, per_page=call.page_size + 1, after=after, number=number
    )

    def view(row: AliasRow) -> dict[str, Any]:
        return {
            "stateMachineAliasArn": call.arns.alias(target.machine.name, row.name),
            "creationDate": seconds(row.created_at),
        }

    return call.page("stateMachineAliases", list(found), lambda row: str(row.name), view)


def delete_state_machine_alias(call: Call) -> dict[str, Any]:
    """What is not there is as good as deleted (recorded)."""
    arn = _alias_arn(call.members["stateMachineAliasArn"])
    machine = find_living(call, arn)
    if machine is not None:
        call.store.published.delete_alias(machine.id, arn.qualifier or "")
    return {}


def _alias_arn(text: str) -> Arn:
    arn = parse_arn(text, "stateMachine")
    if arn.qualifier is None or arn.qualifier.isdecimal():
        raise errors.invalid_arn_prefix(text)
    return arn


def _find(call: Call, text: str) -> tuple[StateMachine, AliasRow]:
    arn = _alias_arn(text)
    machine = find_living(call, arn)
    row = None
    if machine is not None:
        row = call.store.published.alias(machine.id, arn.qualifier or "")
    if machine is None or row is None:
        raise errors.no_such_reference()
    return machine, row
