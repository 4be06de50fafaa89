"""Tasks whose result comes from outside: taken by workers, answered by whoever has the token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asl.aws import errors
from asl.aws.call import Call
from asl.aws.operations.activities import find_activity
from asl.aws.payloads import shown
from asl.language import jsontext
from asl.language.document import Document
from asl.language.events import Raised, Returned
from asl.language.json_faults import describe
from asl.usecases.errors import InvalidToken, TaskTimedOut
from asl.usecases.signal import beat, bring, check_token
from asl.usecases.workers import LONGEST_POLL_SECONDS, poll_task

ANSWER_MARGIN_SECONDS = 3  # of the call's deadline, kept for the answer


def send_task_success(call: Call) -> dict[str, Any]:
    """Bring a Task's output. InvalidOutput, InvalidToken, TaskTimedOut."""
    text, token = call.members["output"], call.members["taskToken"]
    try:
        output = Document(jsontext.loads(text))
    except jsontext.InvalidJson as fault:
        _answered(lambda: check_token(call.services, token))  # reported first (recorded)
        raise errors.invalid_output(describe(text, fault).message) from fault
    return _answered(lambda: bring(call.services, token, Returned(output)))


def send_task_failure(call: Call) -> dict[str, Any]:
    """Let a Task fail; both error and cause may be left out. InvalidToken, TaskTimedOut."""
    members = call.members
    failure = Raised(members.get("error"), members.get("cause"))
    return _answered(lambda: bring(call.services, members["taskToken"], failure))


def send_task_heartbeat(call: Call) -> dict[str, Any]:
    """The heartbeat's clock starts anew. InvalidToken, TaskTimedOut."""
    return _answered(lambda: beat(call.services, call.members["taskToken"]))


def _answered(signal: Callable[[], None]) -> dict[str, Any]:
    try:
        signal()
    except InvalidToken as fault:
        raise errors.invalid_token() from fault
    except TaskTimedOut as fault:
        raise errors.AwsError("TaskTimedOut", str(fault)) from fault
    return {}


def get_activity_task(call: Call) -> dict[str, Any]:
    """The oldest Task of an activity, waited for at most a minute; a null token when none came.

    ActivityDoesNotExist, InvalidArn.
    """
    activity = find_activity(call, call.members["activityArn"])
    latest = call.services.now() + LONGEST_POLL_SECONDS * 1000
    until = min(latest, call.deadline - ANSWER_MARGIN_SECONDS * 1000)
    worker = call.members.get("workerName")
    assignment = poll_task(call.services, str(activity.name), worker, until)
    if assignment is None:
        return {"taskToken": None}
    return {"taskToken": assignment.token, "input": shown(assignment.input)}
