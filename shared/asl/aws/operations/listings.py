"""The lists of machines and of runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asl.aws import errors
from asl.aws.call import Call, seconds
from asl.aws.targets import (
    execution_arn,
    find_map_run,
    find_target,
    map_run_arn,
    qualified_name,
)
from asl.language.machine import EXPRESS
from asl.store.listings import Filter
from asl.store.rows import ExecutionRow, Status
from asl.store.tables import StateMachine

STATUSES: dict[str, tuple[Status, ...]] = {
    "RUNNING": (Status.PENDING, Status.EXECUTING),
    "SUCCEEDED": (Status.SUCCEEDED,),
    "FAILED": (Status.FAILED,),
    "TIMED_OUT": (Status.TIMED_OUT,),
    "ABORTED": (Status.ABORTED,),
}
NAMES = {status: name for name, statuses in STATUSES.items() for status in statuses}


def status_name(row: ExecutionRow) -> str:
    """The status of a run as AWS names it."""
    return NAMES[Status(row.status)]


def list_state_machines(call: Call) -> dict[str, Any]:
    """By name, as recorded."""
    found = call.store.machines.page(per_page=call.page_size + 1, after=call.page_key)

    def view(machine: StateMachine) -> dict[str, Any]:
        return {
            "stateMachineArn": call.arns.state_machine(machine.name),
            "name": machine.name,
            "type": machine.type,
            "creationDate": seconds(machine.created_at),
        }

    return call.page("stateMachines", list(found), lambda machine: str(machine.name), view)


def list_executions(call: Call) -> dict[str, Any]:
    """Newest first: of a machine, a version, an alias, or the children of a Map Run.

    Through a version's or an alias's ARN, those that were started through it.
    """
    members = call.members
    if ("stateMachineArn" in members) == ("mapRunArn" in members):
        raise errors.validation("Must specify exactly one of stateMachineArn or mapRunArn")
    before = call.page_key
    machine, filter_ = _children(call) if "mapRunArn" in members else _runs(call)
    wanted = members.get("statusFilter")
    if wanted is not None:
        if wanted not in STATUSES:
            return {"executions": []}
        filter_ = replace(filter_, statuses=STATUSES[wanted])
    found = call.store.listings.executions(filter_, per_page=call.page_size + 1, before=before)
    items = call.store.listings.item_counts(found)

    def view(row: ExecutionRow) -> dict[str, Any]:
        counted = {"itemCount": items[row.id]} if row.id in items else {}
        return summary(call, machine, row) | counted

    return call.page("executions", list(found), lambda row: str(row.id), view)


def _runs(call: Call) -> tuple[StateMachine, Filter]:
    if "redriveFilter" in call.members:
        raise errors.validation("redriveFilter is only supported with mapRunArn")
    target = find_target(call, call.members["stateMachineArn"])
    if target.machine.type == EXPRESS:
        raise errors.type_not_supported()
    return target.machine, Filter(
        state_machine_id=target.machine.id,
        published=target.published_number if target.alias is None else None,
        alias=target.alias_name,
    )


def _children(call: Call) -> tuple[StateMachine, Filter]:
    """The children of a Map Run; those that are Express leave no executions to list."""
    run, machine = find_map_run(call, call.members["mapRunArn"])
    if run.express:
        raise errors.type_not_supported()
    redriven = call.members.get("redriveFilter")
    return machine, Filter(
        state_machine_id=run.state_machine_id,
        map_run_id=run.id,
        redriven=None if redriven is None else redriven == "REDRIVEN",
    )


def summary(call: Call, machine: StateMachine, row: ExecutionRow) -> dict[str, Any]:
    """What lists and descriptions of runs both say."""
    answer = {
        "executionArn": execution_arn(call.services, machine, row),
        "stateMachineArn": call.arns.state_machine(qualified_name(machine, row)),
        "name": row.name,
        "status": status_name(row),
        "startDate": seconds(row.created_at),
        "redriveCount": row.redrives or 0,
        **map_run_arn(call.services, machine, row),
    }
    if row.ended_at is not None:
        answer["stopDate"] = seconds(row.ended_at)
    if row.redriven_at is not None:
        answer["redriveDate"] = seconds(row.redriven_at)
    return answer | started_through(call, machine, row)


def started_through(call: Call, machine: StateMachine, row: ExecutionRow) -> dict[str, str]:
    """The ARNs of the version and the alias a run was started through, where it was."""
    answer = {}
    if row.published is not None:
        answer["stateMachineVersionArn"] = call.arns.published(machine.name, row.published)
    if row.alias is not None:
        answer["stateMachineAliasArn"] = call.arns.alias(machine.name, row.alias)
    return answer
