"""The lists of machines and of runs."""

from __future__ import annotations

from typing import Any

from asl.aws import errors
from asl.aws.call import Call, seconds
from asl.aws.targets import Target, execution_arn, find_target
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
    """Newest first; through a version's or an alias's ARN, those that were started through it."""
    members = call.members
    if "stateMachineArn" not in members or "mapRunArn" in members:
        raise errors.validation("Must specify exactly one of stateMachineArn or mapRunArn")
    before = call.page_key
    target = find_target(call, members["stateMachineArn"])
    if target.machine.type == "EXPRESS":
        raise errors.type_not_supported()
    wanted = members.get("statusFilter")
    if wanted is not None and wanted not in STATUSES:
        return {"executions": []}
    filter_ = _filter(target, wanted)
    found = call.store.listings.executions(filter_, per_page=call.page_size + 1, before=before)

    def view(row: ExecutionRow) -> dict[str, Any]:
        return summary(call, target.machine, row)

    return call.page("executions", list(found), lambda row: str(row.id), view)


def _filter(target: Target, status: str | None) -> Filter:
    through_version = target.alias is None and target.published is not None
    return Filter(
        state_machine_id=target.machine.id,
        statuses=() if status is None else STATUSES[status],
        published=target.published.number if through_version and target.published else None,
        alias=None if target.alias is None else target.alias.name,
    )


def summary(call: Call, machine: StateMachine, row: ExecutionRow) -> dict[str, Any]:
    """What lists and descriptions of runs both say."""
    answer = {
        "executionArn": execution_arn(call.services, machine, row),
        "stateMachineArn": call.arns.state_machine(machine.name),
        "name": row.name,
        "status": status_name(row),
        "startDate": seconds(row.created_at),
        "redriveCount": 0,
    }
    if row.ended_at is not None:
        answer["stopDate"] = seconds(row.ended_at)
    return answer | started_through(call, machine, row)


def started_through(call: Call, machine: StateMachine, row: ExecutionRow) -> dict[str, str]:
    """The ARNs of the version and the alias a run was started through, where it was."""
    answer = {}
    if row.published is not None:
        answer["stateMachineVersionArn"] = call.arns.published(machine.name, row.published)
    if row.alias is not None:
        answer["stateMachineAliasArn"] = call.arns.alias(machine.name, row.alias)
    return answer
