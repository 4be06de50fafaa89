"""Calling a task function and reading its answer: a result, or an error with a name."""

from __future__ import annotations

import time

import httpx

from asl.language import jsontext
from asl.language.document import Document
from asl.language.effects import FunctionRequest
from asl.language.errors import AslError
from asl.language.events import Raised, Returned
from asl.language.resources import Dialect
from asl.language.scope import Json
from asl.remote.attempts import Attempt
from asl.remote.errors import FnUnreachable, FunctionNotFound
from asl.remote.http_metadata import lambda_headers
from asl.remote.registry import GONE, FunctionRegistry

TASK_ERROR = "fn-task-error"
LONGEST_CALL_ID = 64  # what is kept of it; Fn's own have 26 characters

# The same failure under the two kinds of resource.
FAILURES: dict[int | str, dict[Dialect, str]] = {
    502: {Dialect.FN: "Fn.FunctionFailed", Dialect.LAMBDA: "Lambda.Unknown"},
    504: {Dialect.FN: "Fn.Timeout", Dialect.LAMBDA: "Sandbox.Timedout"},
    503: {Dialect.FN: "Fn.TooBusy", Dialect.LAMBDA: "Lambda.TooManyRequestsException"},
    429: {Dialect.FN: "Fn.TooBusy", Dialect.LAMBDA: "Lambda.TooManyRequestsException"},
    404: {Dialect.FN: "Fn.NotFound", Dialect.LAMBDA: "Lambda.ResourceNotFoundException"},
    "unreachable": {Dialect.FN: "Fn.Unreachable", Dialect.LAMBDA: "Lambda.SdkClientException"},
}
OTHER_FAILURE = {Dialect.FN: "Fn.FunctionFailed", Dialect.LAMBDA: "Lambda.ServiceException"}


class Functions:
    """Calls functions synchronously; used from several threads at once."""

    def __init__(self, client: httpx.Client, registry: FunctionRegistry) -> None:
        self._client = client
        self._registry = registry

    def call(self, request: FunctionRequest, attempt: Attempt, seconds: float) -> Returned | Raised:
        """Call and wait at most `seconds`. Every failure is an answer, none is raised."""
        try:
            answer = self._post(request, attempt, seconds)
        except FunctionNotFound as fault:
            return _failure(404, request, str(fault))
        except httpx.TimeoutException:
            return _failure(504, request, f"the function did not answer within {seconds:.0f} s")
        except (FnUnreachable, httpx.HTTPError) as fault:
            return _failure("unreachable", request, str(fault) or type(fault).__name__)
        return read_answer(answer, request)

    def _post(self, request: FunctionRequest, attempt: Attempt, seconds: float) -> httpx.Response:
        """Post, and once more where the function is now if it had been created anew."""
        url = self._registry.url(request.app, request.function)
        answer = self._send(url, request, attempt, seconds)
        if answer.status_code in GONE:
            self._registry.forget(request.app, request.function)
            now = self._registry.url(request.app, request.function)
            if now != url:
                answer = self._send(now, request, attempt, seconds)
        return answer

    def _send(
        self, url: str, request: FunctionRequest, attempt: Attempt, seconds: float
    ) -> httpx.Response:
        timeout = httpx.Timeout(seconds, connect=min(seconds, 10))
        return self._client.post(
            url, content=request.payload.text, headers=attempt.headers(), timeout=timeout
        )


def read_answer(answer: httpx.Response, request: FunctionRequest) -> Returned | Raised:
    """A result; or the error that the function named, or that Fn reported."""
    if answer.status_code != httpx.codes.OK:
        return _failure(answer.status_code, request, _message(answer))
    if TASK_ERROR in answer.headers:
        return Raised(answer.headers[TASK_ERROR], answer.text)
    try:
        value = _body(answer)
    except AslError as fault:
        return _failure(502, request, f"the function's answer is not JSON: {fault}")
    if isinstance(value, dict) and isinstance(value.get("errorType"), str):
        return Raised(value["errorType"], answer.text)
    call_id = answer.headers.get("fn-call-id", "")[:LONGEST_CALL_ID]
    return Returned(Document(value), call_id, _headers(answer, request, call_id))


def _headers(answer: httpx.Response, request: FunctionRequest, call_id: str) -> dict[str, str]:
    """What the result of lambda:invoke shows of the answer."""
    if request.dialect is not Dialect.LAMBDA:
        return {"Content-Type": "application/json"}
    traceparent = answer.request.headers.get("traceparent", "")
    return lambda_headers(call_id, len(answer.content), traceparent, time.time())


def _body(answer: httpx.Response) -> Json:
    """JSON; nothing is null; plain text that is no JSON is a string."""
    if not answer.content:
        return None
    try:
        text = answer.content.decode()
        return jsontext.loads(text)
    except UnicodeDecodeError as fault:
        raise AslError("it is not UTF-8") from fault
    except AslError:
        if answer.headers.get("content-type", "").startswith("text/"):
            return text
        raise


def _message(answer: httpx.Response) -> str:
    try:
        message = answer.json()["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.text[:1000]
    return str(message) or f"HTTP {answer.status_code}"


def _failure(kind: int | str, request: FunctionRequest, reason: str) -> Raised:
    name = FAILURES.get(kind, OTHER_FAILURE)[request.dialect]
    where = f"{request.app}/{request.function}" if request.app else request.function
    return Raised(name, f"{where}: {reason}")
