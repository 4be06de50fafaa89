"""AWS JSON 1.0: a target and a body in, a status and a body out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from asl.aws import shapes
from asl.aws.call import Call
from asl.aws.errors import AwsError, validation
from asl.aws.operations import OPERATIONS
from asl.language import jsontext
from asl.language.errors import AslError
from asl.store.errors import UnstorableValue
from asl.usecases.errors import Refusal
from asl.usecases.services import Services

PREFIX = "AWSStepFunctions."
_UNKEPT = re.compile("[\0\ud800-\udfff]")
NAMES = {"MapRunDoesNotExist": "ResourceNotFound"}  # where AWS has another one
LARGEST_REQUEST = 2 << 20  # bytes: 1 MiB of definition, escaped within JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: an HTTP status, a JSON object, and the error's name if any."""

    status: int
    body: dict[str, Any]
    error: str | None = None


def answer(target: str, body: bytes, services: Services, deadline: int, trace: str = "") -> Answer:
    """Answer one request. Refusals are answers; what else goes wrong is raised.

    target: the header `X-Amz-Target`. deadline: ms since epoch. trace: a traceparent, or none.
    """
    try:
        operation = target.removeprefix(PREFIX)
        if not target.startswith(PREFIX) or operation not in OPERATIONS:
            raise AwsError("UnknownOperationException", f"The operation '{target}' is not known")
        members = shapes.read_input(operation, _read_body(body))
        call = Call(operation, members, services, deadline, trace)
        return Answer(200, OPERATIONS[operation](call))
    except UnstorableValue:
        return _refusal(validation("The request holds a value that cannot be stored"))
    except Refusal as gone:  # since the operation first looked at it
        return _refusal(AwsError(NAMES.get(gone.name, gone.name), str(gone)))
    except AwsError as refused:
        return _refusal(refused)


def _refusal(refused: AwsError) -> Answer:
    body = {**error_body(refused.code, str(refused)), **refused.members}
    return Answer(refused.status, body, refused.code)


def error_body(code: str, message: str) -> dict[str, str]:
    return {"__type": code, "message": message}


def _read_body(body: bytes) -> Any:
    if len(body) > LARGEST_REQUEST:
        raise AwsError("RequestEntityTooLargeException", "The request is too large", 413)
    try:
        value = jsontext.loads(body.decode() or "{}")
    except (UnicodeDecodeError, AslError) as fault:
        raise AwsError("SerializationException", "The request's body is no JSON") from fault
    _check_characters(body, value)
    return value


def _check_characters(body: bytes, value: Any) -> None:
    """Refuse what no database keeps: half a surrogate pair, and NUL."""
    if b"\\u" not in body:
        return
    for text in _texts(value):
        if not text.isprintable() and _UNKEPT.search(text):
            raise validation("The request holds a character that cannot be stored")


def _texts(value: Any) -> list[str]:
    """All strings of a JSON value."""
    texts: list[str] = []
    values = [value]
    while values:
        inner = values.pop()
        if isinstance(inner, str):
            texts.append(inner)
        elif isinstance(inner, dict):
            texts.extend(inner)
            values.extend(inner.values())
        elif isinstance(inner, list):
            values.extend(inner)
    return texts
