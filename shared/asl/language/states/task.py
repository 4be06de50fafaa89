"""Task: have work done by a function, and wait for its result."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar

from asl.language.dataflow import JSONATA, NOTHING, parse_query, parse_template
from asl.language.document import Document
from asl.language.effects import Call, Callback, Effect, Offer, ServiceCall
from asl.language.errors import TIMEOUT, ExpressionError, StateError, runtime_fault
from asl.language.events import Event, Raised, Returned, Submitted, Taken, TimedOut
from asl.language.fields import Fields
from asl.language.http.definition import check_http_task
from asl.language.limits import check_size
from asl.language.quantity import Quantity, parse_quantity
from asl.language.recovery import Failure
from asl.language.resources import (
    FUNCTIONS,
    Dialect,
    Family,
    Pattern,
    Resource,
    parse_resource,
)
from asl.language.scope import Json
from asl.language.states.state import Common, State, Submachines
from asl.language.task_calls import (
    check_http_request,
    compact_cause,
    function_request,
    lambda_envelope,
)
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
        resource = _parse_resource(fields, common.machine)
        timeout = parse_quantity(fields, "TimeoutSeconds", common.language, minimum=1)
        heartbeat = parse_quantity(fields, "HeartbeatSeconds", common.language, minimum=1)
        _check_heartbeat(fields, timeout, heartbeat)
        activity = resource.family is Family.ACTIVITY
        _check_credentials(fields, common.language, activity=activity)
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
    def needs_token(self) -> bool:
        """Whether the result can be brought by whoever has the token."""
        return bool(self.resource.pattern) or self.resource.family is Family.ACTIVITY

    def on(self, event: Event, visit: Visit) -> Effect:
        match event:
            case Returned():
                return self._succeed(visit, event)
            case Submitted(output):
                visit.record("TaskSubmitted", self._details(output=output.value))
                return Callback()
            case Taken(worker):
                return self._taken(visit, worker)
            case Raised(error, cause):
                if self.resource.names_function and not self.resource.pattern:
                    cause = compact_cause(cause)
                return self._fail_attempt(visit, Failure(error, cause))
            case TimedOut(heartbeat):
                self._record(visit, "TimedOut", error=TIMEOUT)
                return self.recover(visit, Failure(TIMEOUT, None, heartbeat))
            case _:
                return self._attempt(visit)

    def _attempt(self, visit: Visit) -> Effect:
        token = visit.issue_task_token() if self.needs_token else None
        arguments = self.flow.arguments(visit)
        check_size(self.name, arguments)
        timeout, heartbeat = self._limits(visit)
        work = self._work(arguments, token)
        if isinstance(work, Offer) and work.activity == visit.moment.absent:
            raise runtime_fault(f"The activity {self.resource.text} does not exist.")
        self._record_scheduled(visit, arguments, timeout, heartbeat)
        if isinstance(work, Offer):
            return work
        self._record(visit, "Started")
        return replace(work, deadline=_deadline(visit, timeout), heartbeat=heartbeat, token=token)

    def _limits(self, visit: Visit) -> tuple[int | None, int | None]:
        """TimeoutSeconds and HeartbeatSeconds of an attempt, in this order (recorded)."""
        scope = visit.scope(self.flow.effective_input(visit).value)
        timeout = self.timeout.read(scope) if self.timeout else None
        return timeout, self.heartbeat.read(scope) if self.heartbeat else None

    def _work(self, arguments: Document, token: str | None) -> Call | ServiceCall | Offer:
        resource = self.resource
        if resource.family is Family.ACTIVITY:
            return Offer(resource.action, arguments, token or "")
        if resource.calls_function:
            return Call(function_request(resource, arguments))
        if resource.calls_url:
            check_http_request(arguments)
        return ServiceCall(resource.service, resource.action, resource.pattern, arguments)

    def _taken(self, visit: Visit, worker: str | None) -> Effect:
        """The time of an activity's attempt runs from when a worker took it."""
        timeout, heartbeat = self._limits(visit)
        visit.record("ActivityStarted", {} if worker is None else {"workerName": worker})
        return Callback(_deadline(visit, timeout), heartbeat)

    def _record_scheduled(
        self, visit: Visit, arguments: Document, timeout: int | None, heartbeat: int | None
    ) -> None:
        limits = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        given = {name: value for name, value in limits.items() if value is not None}
        if self.resource.family is Family.TASK:
            self._record(visit, "Scheduled", parameters=arguments.value, **given)
        else:
            text = self.resource.text
            self._record(visit, "Scheduled", resource=text, input=arguments.value, **given)

    def _record(self, visit: Visit, outcome: str, **details: Json) -> None:
        """An event of the attempt; those of a Task say which resource it is about."""
        family = self.resource.family
        said = self._details(**details) if family is Family.TASK else details or None
        visit.record(f"{family}{outcome}", said)

    def _details(self, **more: Json) -> dict[str, Json]:
        return {
            "resourceType": self.resource.service,
            "resource": self.resource.action + self.resource.pattern,
            **more,
        }

    def _succeed(self, visit: Visit, event: Returned) -> Effect:
        result = event.output
        if self.resource.names_function and event.call_id:
            result = lambda_envelope(event)
        try:
            as_recorded = self.resource.dialect is Dialect.LAMBDA
            check_size(self._limit_subject(), result, as_recorded=as_recorded)
        except StateError as fault:
            return self._fail_attempt(visit, Failure(fault.error, fault.cause))
        self._record(visit, "Succeeded", output=result.value)
        output, variables = self.flow.result(visit, result)
        return self.leave(visit, output, variables)

    def _limit_subject(self) -> str:
        """How the cause of a result that is too large names the Task (recorded)."""
        return self.resource.text if self.resource.function else self.resource.service

    def _fail_attempt(self, visit: Visit, failure: Failure) -> Effect:
        named = {"error": failure.error, "cause": failure.cause}
        given = {name: value for name, value in named.items() if value is not None}
        self._record(visit, "Failed", **given)
        return self.recover(visit, failure)


def _deadline(visit: Visit, timeout: int | None) -> int | None:
    return None if timeout is None else visit.moment.now + timeout * 1000


def _parse_resource(fields: Fields, machine: Submachines) -> Resource:
    text = fields.text("Resource") or ""
    try:
        resource = parse_resource(text, machine.registry)
    except ExpressionError as fault:
        if "Resource" in fields:
            fields.report(str(fault), "Resource")
        return Resource(text, "", "")
    if machine.type == "EXPRESS" and (resource.pattern or resource.family is Family.ACTIVITY):
        fields.report(_refused_by_express(resource), "Resource")
    elif not _is_offered(resource, machine.services):
        fields.report(
            f"The resource provided {text} is not recognized. The value is not a valid resource "
            "ARN, or the resource is not available in this region.",
            "Resource",
        )
    elif resource.names_function:
        _check_function_name(fields)
    elif resource.calls_url:
        check_http_task(fields)
    return resource


def _is_offered(resource: Resource, services: Collection[str] | None) -> bool:
    if services is None:
        return True
    if resource.calls_function:
        return resource.pattern in ("", Pattern.WAIT_FOR_TASK_TOKEN)
    if resource.calls_url and (resource.action != "invoke" or resource.pattern):
        return False
    return resource.service in services and resource.service not in FUNCTIONS


def _refused_by_express(resource: Resource) -> str:
    if resource.family is Family.ACTIVITY:
        return "Express state machine does not support Activity ARN"
    blank = " " if resource.pattern is Pattern.WAIT_FOR_TASK_TOKEN else ""  # recorded
    return f"Express state machine does not support '{resource.pattern}' service integration{blank}"


def _check_function_name(fields: Fields) -> None:
    """A lambda:invoke names its function in its arguments; say so now if it does not."""
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


def _check_credentials(fields: Fields, language: str, *, activity: bool) -> None:
    """Credentials are kept for AWS's sake; their form is checked, nothing is done with them."""
    if activity and "Credentials" in fields:
        fields.raw("Credentials")
        fields.report("The field 'Credentials' is not supported for activities", "Credentials")
        return
    if isinstance(fields.value.get("Credentials"), str) and language == JSONATA:
        parse_query(fields, "Credentials", NOTHING)
        return
    credentials = fields.object("Credentials")
    if credentials is None:
        return
    if not {"RoleArn", "RoleArn.$"} & credentials.value.keys():
        credentials.report("The field 'RoleArn' is required but was missing")
    elif language == JSONATA:
        parse_query(fields, "Credentials", NOTHING)
    else:
        parse_template(fields, "Credentials")
