"""Map Runs: listed, described, given other limits while they go on."""

from __future__ import annotations

from typing import Any

from asl.aws import errors
from asl.aws.arns import parse_arn
from asl.aws.call import Call, seconds
from asl.aws.targets import find_map_run, find_run
from asl.language.map_run import SUCCEEDED
from asl.store.map_runs import Counts, MapRunRow
from asl.usecases import map_runs
from asl.usecases.errors import InvalidInput, MapRunEnded

LIMITS = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")


def describe_map_run(call: Call) -> dict[str, Any]:
    """Limits, and what became of the children and of the items in them. ResourceNotFound."""
    run, _machine = find_map_run(call, call.members["mapRunArn"])
    described = map_runs.describe_map_run(call.services, run.id)
    answer: dict[str, Any] = {
        "mapRunArn": described.arn,
        "executionArn": described.execution_arn,
        "status": run.status,
        "startDate": seconds(run.started_at),
        "maxConcurrency": run.concurrency,
        "toleratedFailurePercentage": run.tolerated_percentage or 0.0,
        "toleratedFailureCount": run.tolerated_count or 0,
        "itemCounts": _counts(run, described.items),
        "executionCounts": _counts(run, described.executions),
        "redriveCount": run.redrives or 0,
    }
    if run.ended_at is not None:
        answer["stopDate"] = seconds(run.ended_at)
    if run.redriven_at is not None:
        answer["redriveDate"] = seconds(run.redriven_at)
    return answer


def _counts(run: MapRunRow, counts: Counts) -> dict[str, int]:
    """Results count as written without a ResultWriter too (recorded)."""
    return {
        "pending": counts.pending,
        "running": counts.running,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "timedOut": counts.timed_out,
        "aborted": counts.aborted,
        "total": counts.total,
        "resultsWritten": counts.total if run.status == SUCCEEDED else 0,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }


def list_map_runs(call: Call) -> dict[str, Any]:
    """Those of an execution, newest first. ExecutionDoesNotExist."""
    text = call.members["executionArn"]
    parse_arn(text, "execution")
    row, machine = find_run(call, text)
    key = call.page_key
    before = None if key is None else call.store.map_runs.find(key)
    found = map_runs.list_map_runs(call.services, row, call.page_size + 1, before)

    def view(run: MapRunRow) -> dict[str, Any]:
        item: dict[str, Any] = {
            "executionArn": map_runs.execution_arn(call.services, row),
            "mapRunArn": call.arns.map_run(machine.name, run.label, run.id),
            "stateMachineArn": call.arns.state_machine(f"{machine.name}/{run.label}"),
            "startDate": seconds(run.started_at),
        }
        return item | ({} if run.ended_at is None else {"stopDate": seconds(run.ended_at)})

    return call.page("mapRuns", list(found), lambda run: str(run.id), view)


def update_map_run(call: Call) -> dict[str, Any]:
    """New limits, for what begins or fails from now on. ResourceNotFound, ValidationException."""
    members = call.members
    run, _machine = find_map_run(call, members["mapRunArn"])
    if not any(name in members for name in LIMITS):
        raise errors.validation(
            f"At least one of [{', '.join(LIMITS)}] must be specified", "MISSING_REQUIRED_PARAMETER"
        )
    try:
        map_runs.update_map_run(
            call.services,
            run.id,
            concurrency=members.get("maxConcurrency"),
            tolerated_count=members.get("toleratedFailureCount"),
            tolerated_percentage=members.get("toleratedFailurePercentage"),
        )
    except MapRunEnded as ended:
        raise errors.validation(
            f"Map Run is already completed: '{members['mapRunArn']}'",
            "CANNOT_UPDATE_COMPLETED_MAP_RUN",
        ) from ended
    except InvalidInput as fault:
        raise errors.validation(str(fault)) from fault
    return {}
