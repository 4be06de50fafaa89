"""The calls of object stores that a Distributed Map makes: items to read, results to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asl.language import jsontext
from asl.language.item_request import ItemRequest, ResultRequest
from asl.language.result_files import Result
from asl.store.claims import text_or_none
from asl.store.map_children import ChildResult
from asl.store.map_runs import MapRunRow
from asl.store.rows import OperationRow, Status
from asl.usecases.services import Services

PART = 1000  # children whose results are written at a time
SUCCEEDED, FAILED, PENDING = "SUCCEEDED", "FAILED", "PENDING"


def is_object_call(row: OperationRow) -> bool:
    return (row.request or "").startswith(('{"read":', '{"write":'))


def object_call(services: Services, row: OperationRow) -> Sequence[Any]:
    """The work of a call and its arguments, all that a thread needs who has no database."""
    asked = jsontext.loads(row.request or "{}")
    if "read" in asked:
        items = ItemRequest.from_json(asked["read"])
        return services.objects.read_items, items, asked["cursor"], asked["limit"]
    run = services.store.map_runs.find(row.map_run_id or "")
    results = [] if run is None else _results(services, run, asked["after"])
    request = ResultRequest.from_json(asked["write"])
    return services.objects.write_results, request, results, asked["files"]


def _results(services: Services, run: MapRunRow, after: int) -> list[Result]:
    rows = services.store.map_children.results(run, after, PART)
    machine = f"{services.machine_name(run.state_machine_id)}/{run.label}"
    return [_result(services, machine, row) for row in rows]


def _result(services: Services, machine: str, row: ChildResult) -> Result:
    return Result(
        branch=row.branch,
        file=_file(row),
        arn=services.arns.execution(machine, row.name),
        machine_arn=services.arns.state_machine(machine),
        name=row.name,
        status=row.status.upper() if row.error != '"States.Timeout"' else "TIMED_OUT",
        input=row.input,
        output=row.output,
        error=text_or_none(row.error),
        cause=text_or_none(row.cause),
        started_at=row.started_at,
        stopped_at=row.stopped_at,
    )


def _file(row: ChildResult) -> str:
    """Which kind of file a result goes to: what never began is pending still."""
    if row.status == Status.SUCCEEDED:
        return SUCCEEDED
    return PENDING if row.status == Status.ABORTED and row.started_at is None else FAILED
