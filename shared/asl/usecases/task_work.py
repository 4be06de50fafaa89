"""Who does the work of a Task that is called and waited for: a function, or a URL."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from asl.language import jsontext
from asl.language.effects import Call, ServiceCall
from asl.language.events import Raised, Returned
from asl.language.http.request import read_request
from asl.language.resources import HTTP
from asl.language.scope import Json
from asl.language.visiting import Calling
from asl.remote.attempts import Attempt
from asl.store.rows import ExecutionRow, OperationRow
from asl.usecases.calls import request_of
from asl.usecases.services import Services

Work = Callable[[Attempt, float], Returned | Raised]
"""Makes one attempt and waits for it as many seconds; whatever goes wrong is its answer."""


def is_http_call(row: OperationRow) -> bool:
    return (row.request or "").startswith(f'{{"service":"{HTTP}"')


def work_of(services: Services, row: OperationRow, run: ExecutionRow) -> Work:
    """What was decided for an operation, the same at every redelivery."""
    if is_http_call(row):
        return _http_work(services, jsontext.loads(row.request or "{}")["arguments"])
    request = request_of(row, run)
    return lambda attempt, seconds: services.functions.call(request, attempt, seconds)


def work_in_memory(services: Services, calling: Calling, namespace: str) -> Work:
    """The same of a run that is made as a whole, which calls functions and URLs alone."""
    match calling.work:
        case ServiceCall(calls_url=True, arguments=arguments):
            return _http_work(services, arguments.value)
        case Call(request=request):
            app = request.app or namespace
            request = dataclasses.replace(request, app=app)
            return lambda attempt, seconds: services.functions.call(request, attempt, seconds)
        case _:
            raise TypeError(f"{calling.token.state} calls neither a function nor a URL")


def _http_work(services: Services, arguments: Json) -> Work:
    request, calls = read_request(arguments), services.http_calls
    return lambda attempt, seconds: calls.call(request, attempt, seconds)
