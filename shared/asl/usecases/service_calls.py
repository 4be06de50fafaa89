"""What a Task may ask of this installation itself: the services that are no functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asl.language import jsontext
from asl.language.document import Document
from asl.language.events import Raised, Returned
from asl.language.resources import Pattern
from asl.language.scope import Json
from asl.store.rows import ExecutionRow, OperationRow
from asl.usecases.children import start_child
from asl.usecases.definitions import SDK
from asl.usecases.errors import Refusal
from asl.usecases.services import Services
from asl.usecases.signal import beat, bring


@dataclass(frozen=True, slots=True)
class Performed:
    """The answer of a service, and the run that is to be waited for, if any."""

    answer: Returned | Raised
    child: ExecutionRow | None = None
    pattern: Pattern = Pattern.REQUEST_RESPONSE


def is_service_call(row: OperationRow) -> bool:
    return '"service":' in (row.request or "")[:20]


def perform(services: Services, row: OperationRow) -> Performed:
    """Do what a service call asks for; repeated, it has no second effect."""
    request = jsontext.loads(row.request or "{}")
    pattern, arguments = Pattern(request["pattern"]), request["arguments"]
    if request["action"] == "startExecution":
        started = start_child(services, row, arguments, pattern)
        if isinstance(started, Raised):
            return Performed(started)
        child, answer = started
        waits = pattern in (Pattern.SYNC, Pattern.SYNC_2)
        return Performed(Returned(answer), child if waits else None, pattern)
    action = _ACTIONS.get(request["action"]) if request["service"] == SDK else None
    if action is None:
        name = f"{request['service']}:{request['action']}"
        return Performed(Raised("States.Runtime", f"there is no service '{name}' here"))
    try:
        action(services, arguments)
    except Refusal as refusal:
        cause = f"{refusal} (Service: Sfn, Status Code: 400, Request ID: {row.id})"
        return Performed(Raised(f"Sfn.{refusal.name}Exception", cause))
    return Performed(Returned(Document({})))


def _send_task_success(services: Services, arguments: Json) -> None:
    output = arguments["Output"]
    value = jsontext.loads(output) if isinstance(output, str) else output
    bring(services, arguments["TaskToken"], Returned(Document(value)))


def _send_task_failure(services: Services, arguments: Json) -> None:
    failure = Raised(arguments.get("Error"), arguments.get("Cause"))
    bring(services, arguments["TaskToken"], failure)


def _send_task_heartbeat(services: Services, arguments: Json) -> None:
    beat(services, arguments["TaskToken"])


_ACTIONS: dict[str, Callable[[Services, Json], None]] = {
    "sendTaskSuccess": _send_task_success,
    "sendTaskFailure": _send_task_failure,
    "sendTaskHeartbeat": _send_task_heartbeat,
}
