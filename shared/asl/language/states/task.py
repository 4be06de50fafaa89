"""Task: have work done by a function, and wait for its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from asl.language.document import Document
from asl.language.effects import Call, Callback, Effect
from asl.language.errors import TIMEOUT, ExpressionError
from asl.language.events import Event, Raised, Returned, Submitted, TimedOut
from asl.language.fields import Fields
from asl.language.quantity import Quantity, parse_quantity
from asl.language.resources import Pattern, Resource, parse_resource
from asl.language.scope import Json
from asl.language.states.state import Common, State, data_limit_exceeded
from asl.language.task_calls import function_request, lambda_envelope
from asl.language.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Task(State):
    TYPE: ClassVar[str] = "Task"
    SHOWS_RETRY_COUNT: ClassVar[bool] = True
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Assign",
         "Arguments", "Output", "Result"}
    )  # fmt: skip

    resource: Resource
    timeout: Quantity | None = None
    heartbeat: Quantity | None = None

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Task:
        fields.require("Resource")
        timeout = parse_quantity(fields, "TimeoutSeconds", common.language, minimum=1)
        heartbeat = parse_quantity(fields, "HeartbeatSeconds", common.language, minimum=1)
        _check_heartbeat(fields, timeout, heartbeat)
        _check_credentials(fields)
        resource = _parse_resource(fields)
        if common.machine.type == "EXPRESS" and resource.pattern:
            fields.report(
                f"Express state machine does not support '{resource.pattern}' service integration ",
                "Resource",
            )
        return cls(
            name=common.name,
            parent=common.parent,
            flow=common.flow,
            next=common.next,
            recovery=common.recovery,
            resource=resource,
            timeout=timeout,
            heartbeat=heartbeat,
        )

    @property
    def waits_for_token(self) -> bool:
        return self.resource.pattern is Pattern.WAIT_FOR_TASK_TOKEN

    def on(self, event: Event, visit: Visit) -> Effect:
        match event:
            case Returned():
                return self._succeed(visit, event)
            case Submitted(output):
                visit.record("TaskSubmitted", self._details(output=output.value))
                return Callback()
            case Raised(error, cause):
                return self._fail_attempt(visit, error, cause)
            case TimedOut():
                self._record_end(visit, "TimedOut", {"error": TIMEOUT})
                return self.recover(visit, TIMEOUT, "")
            case _:
                return self._call(visit)

    def _call(self, visit: Visit) -> Effect:
        token = visit.issue_task_token() if self.waits_for_token else None
        arguments = self.flow.arguments(visit)
        scope = visit.scope(visit.input)
        timeout = self.timeout.read(scope) if self.timeout else None
        heartbeat = self.heartbeat.read(scope) if self.heartbeat else None
        request = function_request(self.resource, arguments)
        self._record_start(visit, arguments, timeout, heartbeat)
        deadline = None if timeout is None else visit.moment.now + timeout * 1000
        return Call(request, deadline, heartbeat, token)

    def _record_start(
        self, visit: Visit, arguments: Document, timeout: int | None, heartbeat: int | None
    ) -> None:
        limits = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        limits = {name: value for name, value in limits.items() if value is not None}
        if self.resource.is_function_arn:
            details = {"resource": self.resource.text, "input": arguments.value, **limits}
            visit.record("LambdaFunctionScheduled", details)
            visit.record("LambdaFunctionStarted")
        else:
            visit.record("TaskScheduled", self._details(parameters=arguments.value, **limits))
            visit.record("TaskStarted", self._details())

    def _details(self, **more: Json) -> dict[str, Json]:
        return {
            "resourceType": self.resource.service,
            "resource": self.resource.action + self.resource.pattern.value,
            **more,
        }

    def _record_end(self, visit: Visit, outcome: str, details: dict[str, Json]) -> None:
        if self.resource.is_function_arn and not self.waits_for_token:
            visit.record(f"LambdaFunction{outcome}", details)
        else:
            visit.record(f"Task{outcome}", self._details(**details))

    def _succeed(self, visit: Visit, event: Returned) -> Effect:
        result = event.output
        if self.resource.service == "lambda" and not self.resource.function and event.call_id:
            result = lambda_envelope(event)
        if result.exceeds(262_144):
            fault = data_limit_exceeded(self._limit_subject())
            return self._fail_attempt(visit, fault.error, fault.cause)
        self._record_end(visit, "Succeeded", {"output": result.value})
        output, variables = self.flow.result(visit, result)
        return self.leave(visit, output, variables)

    def _limit_subject(self) -> str:
        return self.resource.text if self.resource.function else self.resource.service

    def _fail_attempt(self, visit: Visit, error: str | None, cause: str | None) -> Effect:
        named = {"error": error, "cause": cause}
        given = {name: value for name, value in named.items() if value is not None}
        self._record_end(visit, "Failed", given)
        return self.recover(visit, error, cause)


def _parse_resource(fields: Fields) -> Resource:
    text = fields.text("Resource")
    if text is not None:
        try:
            resource = parse_resource(text)
        except ExpressionError as fault:
            fields.report(str(fault), "Resource")
        else:
            _check_function_name(fields, resource)
            return resource
    return Resource(text or "", "", "")


def _check_function_name(fields: Fields, resource: Resource) -> None:
    """A lambda:invoke names its function in its arguments; say so now if it does not."""
    if resource.function:
        return
    for name in ("Parameters", "Arguments"):
        arguments = fields.value.get(name)
        if isinstance(arguments, str):  # a JSONata expression makes the whole
            return
        if isinstance(arguments, dict) and {"FunctionName", "FunctionName.$"} & arguments.keys():
            return
    fields.report("The field 'FunctionName' is required but was missing", "Parameters")


def _check_heartbeat(fields: Fields, timeout: Quantity | None, heartbeat: Quantity | None) -> None:
    if heartbeat is None or timeout is None or heartbeat.value is None or timeout.value is None:
        return
    if heartbeat.value >= timeout.value:
        fields.report("HeartbeatSeconds must be smaller than TimeoutSeconds", "HeartbeatSeconds")


def _check_credentials(fields: Fields) -> None:
    """Credentials are kept for AWS's sake and looked at no further."""
    credentials = fields.raw("Credentials")
    if isinstance(credentials, dict) and not {"RoleArn", "RoleArn.$"} & credentials.keys():
        fields.faults.report(
            "The field 'RoleArn' is required but was missing", fields.at("Credentials")
        )
