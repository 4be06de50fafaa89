"""RedriveExecution, and whether a run can be redriven, in AWS's words."""

from __future__ import annotations

from typing import Any

from asl.aws import errors
from asl.aws.arns import parse_arn
from asl.aws.call import Call, seconds
from asl.aws.operations.listings import status_name
from asl.aws.targets import find_run
from asl.store.machines import ACTIVE
from asl.store.rows import ExecutionRow, Status
from asl.store.tables import StateMachine
from asl.usecases.errors import ExecutionNotRedrivable
from asl.usecases.redrive import MOST_EVENTS, Redrive, redrive, was_redriven_by

REDRIVABLE_DAYS = 14  # after the end
BY_MAP_RUN = "REDRIVABLE_BY_MAP_RUN"


def redrive_execution(call: Call) -> dict[str, Any]:
    """Go on with a run that failed; a request that is repeated answers the same. Else
    ExecutionNotRedrivable.
    """
    parse_arn(call.members["executionArn"], "execution")
    row, machine = find_run(call, call.members["executionArn"])
    token = call.members.get("clientToken")
    if was_redriven_by(call.services, row, token):
        return {"redriveDate": seconds(row.redriven_at or 0)}
    described = redrive_status(call, machine, row)
    if described["redriveStatus"] != "REDRIVABLE":
        reason = described.get("redriveStatusReason", "Execution is redrivable by its Map Run")
        raise errors.AwsError("ExecutionNotRedrivable", reason)
    try:
        redrive(Redrive(execution=row.id), call.services, token)
    except ExecutionNotRedrivable as fault:
        raise errors.AwsError("ExecutionNotRedrivable", str(fault)) from fault
    redriven = call.store.executions.find(row.id) or row
    return {"redriveDate": seconds(redriven.redriven_at or call.services.now())}


def redrive_status(call: Call, machine: StateMachine, row: ExecutionRow) -> dict[str, str]:
    """The members `redriveStatus` and, where it cannot be done, `redriveStatusReason`."""
    reason = _not_redrivable(call, machine, row)
    if reason is not None:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveStatus": "REDRIVABLE" if row.map_run_id is None else BY_MAP_RUN}


def _not_redrivable(call: Call, machine: StateMachine, row: ExecutionRow) -> str | None:
    if row.ended_at is None or row.status == Status.SUCCEEDED:
        return f"Execution is {status_name(row)} and cannot be redriven"
    if machine.status != ACTIVE:
        return "State machine is in DELETING status"
    if row.events >= MOST_EVENTS:
        return "Execution history event limit exceeded"
    if call.services.now() - row.ended_at > REDRIVABLE_DAYS * 86_400_000:
        return "Execution redrivable period exceeded"
    return None
