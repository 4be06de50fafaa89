"""What a state machine's ARN names: the machine, a published version, or an alias of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from asl.aws import errors
from asl.aws.arns import Arn, parse_arn
from asl.aws.call import Call
from asl.language.machine import EXPRESS
from asl.store.machines import ACTIVE
from asl.store.published import AliasRow, Routing
from asl.store.rows import ExecutionRow
from asl.store.tables import PublishedVersion, StateMachine
from asl.usecases.express_names import express_arn
from asl.usecases.services import Services

Choice = Callable[[Routing], int]
_REVISIONS = uuid.UUID("5f1d3c52-3c0f-4d0e-9d6f-3b8f0a1c7e11")
FIRST_REVISION = "INITIAL"  # what a machine that was never updated is at


@dataclass(frozen=True, slots=True)
class Target:
    """version: of the StateMachineVersion that is meant: the published one's, or the active one."""

    machine: StateMachine
    version: int
    published: PublishedVersion | None = None
    alias: AliasRow | None = None


def find_target(call: Call, text: str) -> Target:
    """What an ARN names. Of an alias, the version with the greatest weight.

    InvalidArn, or StateMachineDoesNotExist for all that is not there.
    """
    arn = parse_arn(text, "stateMachine")
    machine = _living(call, arn)
    if machine is None:
        raise errors.state_machine_does_not_exist(text)
    target = _qualified(call, machine, arn, heaviest)
    if target is None:
        raise errors.state_machine_does_not_exist(text)
    return target


def find_to_start(call: Call, text: str) -> Target:
    """The same for a start: an alias chooses one of its versions by weight, at random."""
    arn = parse_arn(text, "stateMachine")
    if "/" in arn.name:
        raise errors.validation("API_DOES_NOT_SUPPORT_LABELED_ARNS")
    machine = _living(call, arn)

    def choose(routing: Routing) -> int:
        numbers, weights = zip(*routing, strict=True)
        chosen: int = call.services.random.choices(numbers, weights)[0]
        return chosen

    target = None if machine is None else _qualified(call, machine, arn, choose)
    if target is None:
        raise errors.state_machine_does_not_exist(text)
    if target.machine.status != ACTIVE:
        raise errors.state_machine_deleting(text)
    return target


def find_machine(call: Call, text: str) -> StateMachine:
    """The machine of an ARN that must have no qualifier."""
    target = find_target(call, text)
    if target.published is not None or target.alias is not None:
        raise errors.state_machine_does_not_exist(text)
    return target.machine


def is_own(call: Call, arn: Arn) -> bool:
    """Whether an ARN is of this installation: one to one with a name."""
    own = (call.arns.region, call.arns.account)
    return (arn.partition, arn.region, arn.account) == ("aws", *own)


def _living(call: Call, arn: Arn) -> StateMachine | None:
    if not is_own(call, arn):
        return None
    machine = call.store.machines.find(arn.name)
    return machine if machine is not None and machine.claimed_name == arn.name else None


def heaviest(routing: Routing) -> int:
    return max(routing, key=lambda route: route[1])[0]


def _qualified(call: Call, machine: StateMachine, arn: Arn, choose: Choice) -> Target | None:
    if arn.qualifier is None:
        return Target(machine, machine.active_version)
    store, alias = call.store.published, None
    if arn.qualifier.isdecimal() and arn.qualifier.isascii():
        number = int(arn.qualifier[:9])
    else:
        alias = store.alias(machine.id, arn.qualifier)
        if alias is None:
            return None
        number = choose(alias.routing)
    published = store.find(machine.id, number)
    if published is None:
        return None
    return Target(machine, published.version, published, alias)


def revision_id(state_machine_id: str, version: int) -> str | None:
    """The revision id of a version; a machine's first version has none."""
    if version == 1:
        return None
    return str(uuid.uuid5(_REVISIONS, f"{state_machine_id}:{version}"))


def find_run(call: Call, text: str) -> tuple[ExecutionRow, StateMachine]:
    """The run an ARN names, of a deleted machine too; ExecutionDoesNotExist, InvalidArn."""
    arn = parse_arn(text, "execution")
    arn = replace(arn, name=arn.name.partition("/")[0])  # a child of a Map Run shows its label
    if is_own(call, arn) and arn.qualifier is not None:
        machines = [_living(call, arn), *call.store.machines.deleted(arn.name)]
        for machine in filter(None, machines):
            row = call.store.executions.find_by_name(machine.id, arn.qualifier)
            if row is not None:
                return row, machine
    raise errors.execution_does_not_exist(text)


def execution_arn(services: Services, machine: StateMachine, row: ExecutionRow) -> str:
    """The ARN of a run; that of an Express run ends in an id of its own."""
    if machine.type == EXPRESS:
        return express_arn(services.arns, machine.name, row.name, row.id)
    return services.arns.execution(machine.name, row.name)
