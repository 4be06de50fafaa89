"""Runs: started, described, stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asl.aws import errors
from asl.aws.arns import parse_arn
from asl.aws.call import Call, seconds
from asl.aws.operations.listings import summary
from asl.aws.operations.machines import named
from asl.aws.operations.redrives import redrive_status
from asl.aws.payloads import fault_text, shown, stored
from asl.aws.targets import execution_arn, find_run, find_to_start
from asl.aws.tracing import trace_header, traceparent
from asl.language.jsontext import InvalidJson
from asl.language.machine import EXPRESS
from asl.store.claims import text_or_none
from asl.store.rows import ENDED, ExecutionRow
from asl.store.tables import StateMachine
from asl.usecases.common import check_payload
from asl.usecases.errors import ExecutionAlreadyExists, PayloadTooLarge, StateMachineDeleting
from asl.usecases.express_names import stored_name
from asl.usecases.starting import Order, accept_run
from asl.usecases.stop import Stop, stop
from asl.usecases.targets import Target


def start_execution(call: Call) -> dict[str, Any]:
    """Start a run; the same name and input while it runs answer the run there is.

    Names of Express runs are no such keys: each request starts one.
    """
    members = call.members
    target = find_to_start(call, members["stateMachineArn"])
    if "name" in members:
        named(members["name"])
    order = order_of(call, target)
    if order.name is not None and target.machine.type == EXPRESS:
        order = replace(order, name=stored_name(order.name, call.services.new_id()))
    try:
        row = accept_run(call.services, order)
    except ExecutionAlreadyExists as known:
        arn = call.arns.execution(target.machine.name, members["name"])
        raise errors.execution_already_exists(arn) from known
    except StateMachineDeleting as deleting:
        raise errors.state_machine_deleting(members["stateMachineArn"]) from deleting
    arn = execution_arn(call.services, target.machine, row)
    if row.status in ENDED:
        raise errors.execution_already_exists(arn)
    return {"executionArn": arn, "startDate": seconds(row.created_at)}


def _input(call: Call) -> str:
    given = call.members.get("input", "{}")
    try:
        text = stored(given)
        check_payload("input", text, call.services.settings.max_payload_bytes)
    except InvalidJson as fault:
        raise errors.invalid_execution_input(fault_text(given, fault)) from fault
    except PayloadTooLarge as fault:
        raise errors.invalid_execution_input(str(fault)) from fault
    return text


def order_of(call: Call, target: Target) -> Order:
    """What StartExecution and StartSyncExecution ask for."""
    members = call.members
    return Order(
        state_machine_id=target.machine.id,
        version=target.version,
        input=_input(call),
        name=members.get("name"),
        published=target.published_number,
        alias=target.alias_name,
        trace=traceparent(members.get("traceHeader")) or call.trace,
    )


def stop_execution(call: Call) -> dict[str, Any]:
    """End a run; one that has ended already keeps its end, and answers when that was."""
    members = call.members
    row, _machine = _standard_run(call)
    command = Stop(execution=row.id, error=members.get("error"), cause=members.get("cause"))
    stop(command, call.services)
    ended = call.store.executions.find(row.id) or row
    return {"stopDate": seconds(ended.ended_at or call.services.now())}


def describe_execution(call: Call) -> dict[str, Any]:
    row, machine = _standard_run(call)
    row = call.services.redactor.row(row)
    included = call.members.get("includedData") != "METADATA_ONLY"
    answer = summary(call, machine, row) | redrive_status(call, machine, row)
    answer |= {"inputDetails": {"included": included}}
    header = trace_header(row.trace)
    if header is not None:
        answer["traceHeader"] = header
    if included:
        answer["input"] = shown(row.input)
    return answer | outcome(row, included=included)


def _standard_run(call: Call) -> tuple[ExecutionRow, StateMachine]:
    """The run of `executionArn`; an Express run is refused, as recorded."""
    parse_arn(call.members["executionArn"], "execution")
    return find_run(call, call.members["executionArn"])


def outcome(row: ExecutionRow, *, included: bool) -> dict[str, Any]:
    """How a run ended, as far as it has."""
    answer: dict[str, Any] = {}
    if row.output is not None:
        answer["outputDetails"] = {"included": included}
        if included:
            answer["output"] = shown(row.output)
    if row.error is not None:
        answer["error"] = text_or_none(row.error)
    if row.cause is not None:
        answer["cause"] = text_or_none(row.cause)
    return answer
