"""What a state machine's ARN names: the machine, a published version, or an alias of it."""

from __future__ import annotations

import uuid
from dataclasses import replace

from asl.aws import errors
from asl.aws.arns import Arn, parse_arn
from asl.aws.call import Call
from asl.language.machine import EXPRESS
from asl.language.states.distributed_map import DistributedMap
from asl.store.machines import ACTIVE
from asl.store.map_runs import MapRunRow
from asl.store.rows import ExecutionRow
from asl.store.tables import StateMachine
from asl.usecases.express_names import express_arn
from asl.usecases.services import Services
from asl.usecases.targets import Target, by_weight, heaviest, qualified

_REVISIONS = uuid.UUID("5f1d3c52-3c0f-4d0e-9d6f-3b8f0a1c7e11")
FIRST_REVISION = "INITIAL"  # what a machine that was never updated is at


def find_target(call: Call, text: str) -> Target:
    """What an ARN names. Of an alias, the version with the greatest weight.

    A machine that is being deleted is there until its last run has ended. InvalidArn, or
    StateMachineDoesNotExist for all that is not there.
    """
    arn = parse_arn(text, "stateMachine")
    machine = find_living(call, arn) or _deleting(call, arn)
    if machine is None:
        raise errors.state_machine_does_not_exist(text)
    target = qualified(call.store, machine, arn.qualifier, heaviest)
    if target is None:
        raise errors.state_machine_does_not_exist(text)
    return target


def find_labelled(call: Call, text: str) -> tuple[Target, str | None]:
    """The same for an ARN that may have a Distributed Map's label behind the machine's name."""
    arn, label = _labelled(parse_arn(text, "stateMachine"))
    if label is None:
        return find_target(call, text), None
    plain = text.replace(f"{arn.name}/{label}", arn.name, 1)
    target = find_target(call, plain)
    definition = call.services.definitions.machine(target.machine.id, target.version)
    machine_arn = call.arns.state_machine(target.machine.name)
    for state in definition.states.values():
        if isinstance(state, DistributedMap) and state.run_label(machine_arn) == label:
            return target, label
    raise errors.state_machine_does_not_exist(text)


def find_to_start(call: Call, text: str) -> Target:
    """The same for a start: an alias chooses one of its versions by weight, at random."""
    arn = parse_arn(text, "stateMachine")
    if "/" in arn.name:
        raise errors.labelled_arn(text)
    machine, target = find_living(call, arn) or _deleting(call, arn), None
    if machine is not None:
        choose = by_weight(call.services.random)
        target = qualified(call.store, machine, arn.qualifier, choose)
    if target is None:
        raise errors.state_machine_does_not_exist(text)
    if target.machine.status != ACTIVE:
        raise errors.state_machine_deleting(text)
    return target


def find_machine(call: Call, text: str) -> StateMachine:
    """The machine of an ARN that must have no qualifier, to do something with it.

    StateMachineDoesNotExist, StateMachineDeleting, InvalidArn.
    """
    target = find_target(call, text)
    if target.published is not None or target.alias is not None:
        raise errors.state_machine_does_not_exist(text)
    if target.machine.status != ACTIVE:
        raise errors.state_machine_deleting(text)
    return target.machine


def is_own(call: Call, arn: Arn) -> bool:
    """Whether an ARN is of this installation: one to one with a name."""
    own = (call.arns.region, call.arns.account)
    return (arn.partition, arn.region, arn.account) == ("aws", *own)


def find_living(call: Call, arn: Arn) -> StateMachine | None:
    """The machine that has an ARN's name now."""
    if not is_own(call, arn):
        return None
    machine = call.store.machines.find(arn.name)
    return machine if machine is not None and machine.claimed_name == arn.name else None


def _deleting(call: Call, arn: Arn) -> StateMachine | None:
    """The machine that had the name last, while it still has runs in flight."""
    if not is_own(call, arn):
        return None
    for machine in call.store.machines.deleted(arn.name):
        if call.store.executions.in_flight(machine.id):
            return machine
    return None


def revision_id(state_machine_id: str, version: int) -> str | None:
    """The revision id of a version; a machine's first version has none."""
    if version == 1:
        return None
    return str(uuid.uuid5(_REVISIONS, f"{state_machine_id}:{version}"))


def find_run(call: Call, text: str) -> tuple[ExecutionRow, StateMachine]:
    """The run an ARN names, of a deleted machine too; ExecutionDoesNotExist, InvalidArn."""
    arn, label = _labelled(parse_arn(text, "execution"))
    if is_own(call, arn) and arn.qualifier is not None:
        machines = [find_living(call, arn), *call.store.machines.deleted(arn.name)]
        for machine in filter(None, machines):
            row = call.store.executions.find_by_name(machine.id, arn.qualifier)
            if row is not None and row.label == label:
                return row, machine
    raise errors.execution_does_not_exist(text)


def find_map_run(call: Call, text: str) -> tuple[MapRunRow, StateMachine]:
    """The Map Run an ARN names, of a deleted machine too; ResourceNotFound, InvalidArn."""
    arn, label = _labelled(parse_arn(text, "mapRun"))
    if is_own(call, arn) and arn.qualifier is not None:
        run = call.store.map_runs.find(arn.qualifier)
        machine = None if run is None else call.store.machines.find(run.state_machine_id)
        if (
            run is not None
            and machine is not None
            and (machine.name, run.label) == (arn.name, label)
        ):
            return run, machine
    raise errors.resource_not_found(text)


def _labelled(arn: Arn) -> tuple[Arn, str | None]:
    """An ARN by the machine's name alone, and the label of the Map that stood behind it."""
    name, slash, label = arn.name.partition("/")
    return replace(arn, name=name), label if slash else None


def execution_arn(services: Services, machine: StateMachine, row: ExecutionRow) -> str:
    """The ARN of a run; that of an Express run ends in an id of its own."""
    if machine.type == EXPRESS:
        return express_arn(services.arns, machine.name, row.name, row.id)
    return services.arns.execution(qualified_name(machine, row), row.name)


def qualified_name(machine: StateMachine, row: ExecutionRow) -> str:
    """A machine's name, with the Map's label for a run that is a child of a Map Run."""
    return machine.name if row.label is None else f"{machine.name}/{row.label}"


def map_run_arn(services: Services, machine: StateMachine, row: ExecutionRow) -> dict[str, str]:
    """The member `mapRunArn`, of a child of a Map Run."""
    if row.map_run_id is None:
        return {}
    return {"mapRunArn": services.arns.map_run(machine.name, row.label or "", row.map_run_id)}
