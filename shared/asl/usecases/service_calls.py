"""What a Task may ask of this installation itself: the services that are no functions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from asl.language import jsontext, timestamps
from asl.language.document import Document
from asl.language.errors import RUNTIME
from asl.language.events import Raised, Returned
from asl.language.json_faults import describe
from asl.language.resources import Pattern
from asl.language.scope import Json
from asl.store.rows import ExecutionRow, OperationRow
from asl.usecases.children import start_child
from asl.usecases.definitions import SDK, STATES
from asl.usecases.errors import Refusal
from asl.usecases.services import Services
from asl.usecases.signal import beat, bring, check_token
from asl.usecases.workers import LONGEST_POLL_SECONDS, take_task

LOOK_SECONDS = 1  # between looks of a Task that takes the work of an activity
DONE = Returned(Document({}))


@dataclass(frozen=True, slots=True)
class Performed:
    """The answer of a service, and the run that is to be waited for, if any.

    answer: None where it is to be asked again; the operation comes due for that at `look_at` (ms).
    """

    answer: Returned | Raised | None
    child: ExecutionRow | None = None
    pattern: Pattern = Pattern.REQUEST_RESPONSE
    look_at: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a service: by which operation, with what."""

    services: Services
    row: OperationRow
    service: str
    pattern: Pattern
    arguments: Json

    @property
    def request_id(self) -> str:
        """The same at every redelivery of an attempt."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.sender))

    @property
    def sender(self) -> str:
        """Who brings a result: the attempt, however often it is made."""
        return f"{self.row.id}.{self.row.attempt}"

    def text(self, field: str) -> str:
        """A field that has to be there, and a text; Unusable."""
        text = self.text_or_none(field)
        if text is None:
            raise Unusable(f"The field '{field}' is required but was missing")
        return text

    def text_or_none(self, field: str) -> str | None:
        value = self.get(field)
        if value is not None and not isinstance(value, str):
            raise Unusable(f"The value of the field '{field}' has an invalid format")
        return value

    def get(self, field: str) -> Json:
        return self.arguments.get(field) if isinstance(self.arguments, dict) else None

    def refused(self, name: str, message: str) -> Raised:
        """A refusal by the name and in the words of the service."""
        if self.service == SDK:
            cause = f"(Service: Sfn, Status Code: 400, Request ID: {self.request_id})"
            return Raised(f"Sfn.{name}Exception", f"{message} {cause} (SDK Attempt Count: 1)")
        cause = (
            f"(Service: AWSStepFunctions; Status Code: 400; Error Code: {name}; "
            f"Request ID: {self.request_id}; Proxy: null)"
        )
        return Raised(f"StepFunctions.{name}Exception", f"{message} {cause}")

    def unusable(self, why: str) -> Raised:
        given = jsontext.compact(self.arguments)
        return self.fault(f"The Parameters '{given}' could not be used to start the Task: [{why}]")

    def fault(self, cause: str) -> Raised:
        """States.Runtime, with the state's name and place before the cause."""
        row = self.row
        return Raised(
            RUNTIME,
            f"An error occurred while executing the state '{row.state}' "
            f"(entered at the event id #{row.entered_event}). {cause}",
        )


class Unusable(Refusal):
    """Arguments that make no request; says why."""


def is_service_call(row: OperationRow) -> bool:
    return '"service":' in (row.request or "")[:20]


def perform(services: Services, row: OperationRow) -> Performed:
    """Do what a service call asks for, or say why not; repeated, it has no second effect."""
    request = jsontext.loads(row.request or "{}")
    service, action = request["service"], request["action"]
    asked = Asked(services, row, service, Pattern(request["pattern"]), request["arguments"])
    act = _ACTIONS.get((service, action))
    if act is None:
        return Performed(asked.fault(f"There is no service '{service}:{action}' here."))
    try:
        return act(asked)
    except Unusable as fault:
        return Performed(asked.unusable(str(fault)))
    except Refusal as refusal:
        return Performed(asked.refused(refusal.name, str(refusal)))


def _start_execution(asked: Asked) -> Performed:
    asked.text("StateMachineArn")
    asked.text_or_none("Name")
    try:
        arguments = {**asked.arguments, "Input": _input(asked)}
    except jsontext.InvalidJson as fault:
        why = _fault_text(asked.get("Input"), fault)
        message = f"Invalid State Machine Execution Input: '{why}'"
        return Performed(asked.refused("InvalidExecutionInput", message))
    started = start_child(asked.services, asked.row, arguments, asked.pattern)
    if isinstance(started, Raised):
        return Performed(_not_started(asked, started))
    child, answer = started
    if asked.service == SDK:
        answer = _sdk_answer(child, answer)
    waits = asked.pattern in (Pattern.SYNC, Pattern.SYNC_2)
    return Performed(Returned(answer), child if waits else None, asked.pattern)


def _input(asked: Asked) -> Json:
    """The child's input. The SDK's is a text; another value is made one (recorded)."""
    value = asked.get("Input")
    if asked.service == SDK and isinstance(value, str):
        return jsontext.loads(value)
    return value


def _sdk_answer(child: ExecutionRow, answer: Document) -> Document:
    """What the SDK says of a started run: without HTTP, the time as text (recorded)."""
    return Document(
        {
            "ExecutionArn": answer.value["ExecutionArn"],
            "StartDate": timestamps.format(child.created_at),
        }
    )


def _not_started(asked: Asked, refused: Raised) -> Raised:
    """Why a run was not started, in AWS's words."""
    name = (refused.error or "").removeprefix("StepFunctions.").removesuffix("Exception")
    machine, run = asked.text("StateMachineArn"), asked.text_or_none("Name") or ""
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{run}"
    known = {
        "StateMachineDoesNotExist": f"State Machine Does Not Exist: '{machine}'",
        "StateMachineDeleting": f"State Machine is being deleted: '{machine}'",
        "ExecutionAlreadyExists": f"Execution Already Exists: '{execution}'",
    }
    if name in known:
        return asked.refused(name, known[name])
    if name == "InvalidInput":
        return asked.refused("InvalidName", f"Invalid Name: '{run}'")
    return asked.refused(name, refused.cause or "")


def _send_task_success(asked: Asked) -> Performed:
    token, output = asked.text("TaskToken"), asked.get("Output")
    if output is None:
        raise Unusable("The field 'Output' is required but was missing")
    try:
        value = jsontext.loads(output) if isinstance(output, str) else output
    except jsontext.InvalidJson as fault:
        check_token(asked.services, token)  # a bad token is reported first (recorded)
        message = f"Invalid Output: '{_fault_text(output, fault)}'"
        return Performed(asked.refused("InvalidOutput", message))
    bring(asked.services, token, Returned(Document(value)), asked.sender)
    return Performed(DONE)


def _send_task_failure(asked: Asked) -> Performed:
    failure = Raised(asked.text_or_none("Error"), asked.text_or_none("Cause"))
    bring(asked.services, asked.text("TaskToken"), failure, asked.sender)
    return Performed(DONE)


def _send_task_heartbeat(asked: Asked) -> Performed:
    beat(asked.services, asked.text("TaskToken"))
    return Performed(DONE)


def _get_activity_task(asked: Asked) -> Performed:
    """A Task of an activity, or nothing when none came within a minute of the state's entry.

    Nobody waits for it: the operation comes due from time to time to look again.
    """
    services, row = asked.services, asked.row
    arn, worker = asked.text("ActivityArn"), asked.text_or_none("WorkerName")
    name = arn.rpartition(":activity:")[2]
    if services.arns.activity(name) != arn or services.store.activities.find(name) is None:
        message = f"Activity Does Not Exist: '{arn}'"
        return Performed(asked.refused("ActivityDoesNotExist", message))
    task = take_task(services, name, worker)
    if task is not None:
        answer = {"Input": jsontext.compact(jsontext.loads(task.input)), "TaskToken": task.token}
        return Performed(Returned(Document(answer)))
    now = services.now()
    if now >= (row.entered_at or 0) + LONGEST_POLL_SECONDS * 1000:
        return Performed(DONE)
    look = now + LOOK_SECONDS * 1000
    services.store.callbacks.beat(row, look)
    return Performed(None, look_at=look)


def _fault_text(text: str, fault: jsontext.InvalidJson) -> str:
    return describe(text, fault).message


_ACTIONS: dict[tuple[str, str], Callable[[Asked], Performed]] = {
    (STATES, "startExecution"): _start_execution,
    (SDK, "startExecution"): _start_execution,
    (SDK, "getActivityTask"): _get_activity_task,
    (SDK, "sendTaskSuccess"): _send_task_success,
    (SDK, "sendTaskFailure"): _send_task_failure,
    (SDK, "sendTaskHeartbeat"): _send_task_heartbeat,
}
