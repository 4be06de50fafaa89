"""What a function call carries, and what its answer looks like to a workflow."""

from __future__ import annotations

import re
from contextlib import suppress

from asl.language import jsontext
from asl.language.document import EMPTY, Document
from asl.language.effects import FunctionRequest
from asl.language.errors import ExpressionError, StateError, runtime_fault
from asl.language.events import Returned
from asl.language.http.request import BadArgument, read_request
from asl.language.resources import Dialect, Resource, parse_resource
from asl.language.scope import Json

_SHORT_ARN = re.compile(
    r"(?!fn:)(?:[0-9]{12}:function:)?(?P<name>[A-Za-z0-9_-]+)(?::[A-Za-z0-9$_-]+)?"
)


def function_request(resource: Resource, arguments: Document) -> FunctionRequest:
    """The call that a Task makes; States.Runtime when lambda:invoke names no function."""
    if resource.function:
        return FunctionRequest(resource.app, resource.function, arguments, resource.dialect)
    parameters = arguments.value
    named = parameters.get("FunctionName") if isinstance(parameters, dict) else None
    if not isinstance(named, str):
        raise _unusable(parameters, "The field 'FunctionName' is required but was missing")
    target = _named_function(named)
    if target is None:
        raise _unusable(parameters, "The value of the field 'FunctionName' has an invalid format")
    payload = _payload(parameters, resource.dialect)
    return FunctionRequest(target.app, target.function, payload, resource.dialect)


def check_http_request(arguments: Document) -> None:
    """States.Runtime when the arguments of an HTTP Task make no request."""
    try:
        read_request(arguments.value)
    except BadArgument as fault:
        raise _unusable(arguments.value, str(fault)) from fault


def _payload(parameters: dict[str, Json], dialect: Dialect) -> Document:
    """What the function gets.

    To Lambda null is an empty object, and a text is the request itself (recorded). Lambda would
    refuse a text that is no JSON; here the function gets it as a JSON string.
    """
    payload = parameters.get("Payload", {})
    if dialect is Dialect.LAMBDA and payload is None:
        return EMPTY
    if dialect is Dialect.LAMBDA and isinstance(payload, str):
        with suppress(jsontext.InvalidJson):
            return Document(jsontext.loads(payload))
    return Document(payload)


def _named_function(name: str) -> Resource | None:
    """What a FunctionName names: all that a Resource may, and Lambda's short forms of an ARN."""
    short = _SHORT_ARN.fullmatch(name)
    try:
        target = parse_resource(short["name"] if short else name)
    except ExpressionError:
        return None
    return target if target.function and not target.pattern else None


def _unusable(parameters: Json, why: str) -> StateError:
    return runtime_fault(
        f"The Parameters '{jsontext.compact(parameters)}' could not be used to start the Task: "
        f"[{why}]"
    )


def lambda_envelope(event: Returned) -> Document:
    """The result of lambda:invoke: the function's answer within what Lambda says of the call."""
    headers = {name: [value] for name, value in event.headers.items()}
    return Document(
        {
            "ExecutedVersion": "$LATEST",
            "Payload": event.output.value,
            "SdkHttpMetadata": {
                "AllHttpHeaders": headers,
                "HttpHeaders": dict(event.headers),
                "HttpStatusCode": 200,
            },
            "SdkResponseMetadata": {
                "RequestId": event.headers.get("x-amzn-RequestId", event.call_id)
            },
            "StatusCode": 200,
        }
    )


def compact_cause(cause: str | None) -> str | None:
    """The error object of a function as lambda:invoke hands it on: without blanks (recorded).

    A function called by its ARN has its text kept to the letter.
    """
    try:
        value = jsontext.loads(cause or "")
    except jsontext.InvalidJson:
        return cause
    return jsontext.compact(value) if isinstance(value, dict) else cause
