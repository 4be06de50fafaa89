"""TestState: enter one state on its own, and see what it does."""

from __future__ import annotations

from typing import Any

from asl.aws import errors
from asl.aws.arns import check_role
from asl.aws.call import Call
from asl.aws.payloads import fault_text, stored
from asl.aws.rehearsal.context import TestedVisit, read_context
from asl.aws.rehearsal.inspection import inspect, text_of
from asl.aws.rehearsal.iterations import check_reader_data
from asl.aws.rehearsal.limits import read_limits
from asl.aws.rehearsal.mocks import Mock, read_mock
from asl.aws.rehearsal.rehearse import Rehearsal, Rehearsed
from asl.aws.rehearsal.subject import Subject, read_subject
from asl.language import effects, jsontext
from asl.language.document import Document
from asl.language.recovery import Failure
from asl.language.visit import ExecutionContext, Moment, Token

UNMOCKED = "[Task, Wait, Pass, Succeed, Fail, Choice]"


def test_state(call: Call) -> dict[str, Any]:
    """Answers status, output or error, nextState; with DEBUG and TRACE the data in between."""
    members = call.members
    _check_request(members)
    variables = _variables(members.get("variables", "{}"))
    subject = read_subject(members["definition"], members.get("stateName"), variables.value)
    mock = read_mock(members, subject)
    if mock is None:
        _check_unmocked(members, subject)
    visit = _visit(call, subject, variables)
    limits = read_limits(subject, visit)
    configured = members.get("stateConfiguration", {})
    data = configured.get("mapItemReaderData")
    check_reader_data(subject.state, data)
    _check_cause(configured.get("errorCausedByState"), subject, mock)
    failed = configured.get("mapIterationFailureCount")
    rehearsed = Rehearsal(call, subject, visit, mock, limits, failed, data).run()
    answer = _outcome(rehearsed, mock)
    if members.get("inspectionLevel", "INFO") != "INFO":
        answer["inspectionData"] = inspect(rehearsed, mock, limits)
    if members.get("inspectionLevel") == "TRACE":
        for trace in rehearsed.traces:
            answer["inspectionData"] |= trace.as_json()
    return answer


def _check_request(members: dict[str, Any]) -> None:
    mock = members.get("mock")
    if "roleArn" in members:
        check_role(members["roleArn"])
    if mock is None:
        if "mapIterationFailureCount" in members.get("stateConfiguration", {}):
            raise errors.validation(
                "TestState does not support MapIterationFailureCount when a mock is not specified."
            )
        return
    if {"result", "errorOutput"} <= mock.keys():
        raise errors.validation(
            "A test mock should have only one of the following fields: [result, errorOutput]."
        )
    if members.get("revealSecrets"):
        raise errors.validation(
            "TestState does not support RevealSecrets when a mock is specified."
        )


def _variables(text: str) -> Document:
    try:
        variables = jsontext.loads(text)
    except jsontext.InvalidJson as fault:
        raise errors.validation("Variables must be valid JSON") from fault
    if not isinstance(variables, dict):
        raise errors.validation("Variables must be a JSON object")
    return Document(variables)


def _check_unmocked(members: dict[str, Any], subject: Subject) -> None:
    if subject.type in ("Map", "Parallel"):
        raise errors.AwsError(
            "InvalidDefinition",
            "TestState API does not support Map or Parallel states. "
            f"Supported state types include: {UNMOCKED}",
        )
    if subject.type == "Task" and "roleArn" not in members:
        raise errors.validation("RoleArn must be specified when testing a Task state")


def _check_cause(name: str | None, subject: Subject, mock: Mock | None) -> None:
    """The state that an error comes from: one within the Map or Parallel whose error is mocked."""
    if name is None:
        return
    if subject.type not in ("Map", "Parallel"):
        raise errors.validation("ErrorCausedByState is only supported for Map and Parallel states")
    if mock is None or mock.failure is None:
        raise errors.validation(
            "ErrorCausedByState can only be specified with a mocked error output"
        )
    if not subject.holds(name):
        raise errors.validation("State not found in definition")


def _visit(call: Call, subject: Subject, variables: Document) -> TestedVisit:
    services, members = call.services, call.members
    given = read_context(members.get("context"))
    retried = members.get("stateConfiguration", {}).get("retrierRetryCount", 0)
    input_, now = _input(members.get("input", "{}")), services.now()
    machine, name = services.new_id(), services.new_id()
    execution = ExecutionContext(
        id=call.arns.express_test(machine, name),
        name=name,
        input=input_,
        started_at=now,
        machine_id=call.arns.state_machine(machine),
        machine_name=machine,
        role_arn=members.get("roleArn", ""),
        redrive_count=None,
    )
    token = Token(
        operation=name,
        state=subject.state.name,
        input=input_,
        execution=execution,
        variables=variables,
        entered_at=now,
        counters=(retried,) * len(subject.state.recovery.retriers),
    )
    visit = TestedVisit(token, Moment(now, services.random), given)
    visit.shows_retry_count = subject.state.SHOWS_RETRY_COUNT
    return visit


def _input(text: str) -> Document:
    try:
        return Document.read(stored(text))
    except jsontext.InvalidJson as fault:
        raise errors.invalid_execution_input(fault_text(text, fault)) from fault


def _outcome(rehearsed: Rehearsed, mock: Mock | None) -> dict[str, Any]:
    match rehearsed.effect:
        case effects.Finish(output):
            return {"status": "SUCCEEDED", "output": text_of(output, mock)}
        case effects.Goto(next_, output):
            answer = {"output": text_of(output, mock), "nextState": next_}
            if rehearsed.failure is None:
                return {"status": "SUCCEEDED", **answer}
            return {"status": "CAUGHT_ERROR", **answer, **_error(rehearsed.failure)}
        case effects.Retry(_, _, error, cause):
            return {"status": "RETRIABLE", **_error(Failure(error, cause))}
        case effects.Fail(error, cause):
            return {"status": "FAILED", **_error(Failure(error, cause))}
        case _:
            raise TypeError(f"a tested state does not end in {rehearsed.effect!r}")


def _error(failure: Failure) -> dict[str, str]:
    named = {"error": failure.error, "cause": failure.cause}
    return {name: text for name, text in named.items() if text is not None}
