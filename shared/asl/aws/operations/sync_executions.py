"""StartSyncExecution: an Express run that its caller waits for."""

from __future__ import annotations

import uuid
from typing import Any

from asl.aws import errors
from asl.aws.call import Call, seconds
from asl.aws.operations.executions import order_of, outcome
from asl.aws.operations.listings import status_name
from asl.aws.operations.machines import named
from asl.aws.payloads import shown
from asl.aws.targets import execution_arn, find_to_start
from asl.language.machine import EXPRESS
from asl.store.rows import ExecutionRow, replace
from asl.store.whole_runs import WholeRun
from asl.usecases import lifecycle
from asl.usecases.express import run_express
from asl.usecases.express_names import stored_name
from asl.usecases.starting import new_run
from asl.usecases.targets import Target

BILLED_STEP = 100  # ms that a duration is rounded up to
BILLED_MEMORY = 64  # MB, the least there is


def start_sync_execution(call: Call) -> dict[str, Any]:
    """Run to the end and answer how it ended; a run that failed is an answer too (recorded).

    A name may be used again and again. StateMachineTypeNotSupported for a STANDARD machine.
    """
    members = call.members
    target = find_to_start(call, members["stateMachineArn"])
    if target.machine.type != EXPRESS:
        raise errors.type_not_supported()
    if "name" in members:
        named(members["name"])
    run = _run(call, target)
    _keep(call, run)
    return _view(call, target, run.execution)


def _run(call: Call, target: Target) -> WholeRun:
    services, order = call.services, order_of(call, target)
    definition = services.definitions.machine(order.state_machine_id, order.version)
    given = order.name or str(uuid.UUID(int=services.random.getrandbits(128), version=4))
    row = replace(new_run(services, order, definition), name=given)
    return run_express(services, definition, row, call.deadline)


def _keep(call: Call, whole: WholeRun) -> None:
    """Under a name that no other run of the machine has."""
    run = whole.execution
    kept = replace(run, name=stored_name(run.name, run.id))
    written = WholeRun(kept, whole.operations, whole.history)
    call.store.whole_runs.record(written)
    lifecycle.accepted(call.services, kept)
    lifecycle.run_whole(call.services, written)


def _view(call: Call, target: Target, run: ExecutionRow) -> dict[str, Any]:
    members = call.members
    included = members.get("includedData") != "METADATA_ONLY"
    answer: dict[str, Any] = {
        "executionArn": execution_arn(call.services, target.machine, run),
        "stateMachineArn": call.arns.state_machine(target.machine.name),
        "name": run.name,
        "status": status_name(run),
        "startDate": seconds(run.created_at),
        "stopDate": seconds(run.ended_at or run.created_at),
        "inputDetails": {"included": included},
        "outputDetails": {"included": included},
        "billingDetails": _billing(run),
    }
    if "traceHeader" in members:
        answer["traceHeader"] = members["traceHeader"]
    if included:
        answer["input"] = shown(run.input)
    return answer | outcome(run, included=included)


def _billing(run: ExecutionRow) -> dict[str, int]:
    took = (run.ended_at or run.created_at) - run.created_at
    steps = max(1, -(-took // BILLED_STEP))
    return {
        "billedDurationInMilliseconds": steps * BILLED_STEP,
        "billedMemoryUsedInMB": BILLED_MEMORY,
    }
