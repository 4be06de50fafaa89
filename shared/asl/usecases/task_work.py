"""Who does the work of a Task that is called and waited for: a function, a URL, or this
installation itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from asl.language import jsontext
from asl.language.effects import Call, ServiceCall
from asl.language.errors import TIMEOUT
from asl.language.events import Raised, Returned
from asl.language.http.request import read_request
from asl.language.resources import HTTP
from asl.language.scope import Json
from asl.language.visiting import Calling
from asl.remote.attempts import Attempt
from asl.store.drafts import first_operation, service_request_text
from asl.store.rows import ExecutionRow, OperationRow, replace
from asl.usecases.calls import request_of
from asl.usecases.service_calls import LOOK_SECONDS, perform
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


def work_in_memory(services: Services, calling: Calling, run: ExecutionRow) -> Work:
    """The same of a run that is made as a whole."""
    match calling.work:
        case ServiceCall(calls_url=True, arguments=arguments):
            return _http_work(services, arguments.value)
        case Call(request=request):
            app = request.app or run.namespace
            request = dataclasses.replace(request, app=app)
            return lambda attempt, seconds: services.functions.call(request, attempt, seconds)
        case ServiceCall() as call:
            return _service_work(services, _operation(run, calling, call))
        case _:
            raise TypeError(f"{calling.token.state} calls what no Express run may call")


def _operation(run: ExecutionRow, calling: Calling, call: ServiceCall) -> OperationRow:
    """What stands for an operation that is not written down yet."""
    token = calling.token
    row = first_operation(run, calling.number, token.state, token.input, token.entered_at)
    return replace(
        row,
        attempt=token.retry_count + 1,
        request=service_request_text(call),
        entered_at=token.entered_at,
        entered_event=token.entered_event,
    )


def _service_work(services: Services, row: OperationRow) -> Work:
    """With a connection to the database of its own, in the thread that does it."""

    def ask(_attempt: Attempt, seconds: float) -> Returned | Raised:
        until = services.now() + round(seconds * 1000)
        try:
            while (performed := perform(services, row)).answer is None:
                if services.now() >= until:
                    return Raised(TIMEOUT, None)
                services.sleep(LOOK_SECONDS)
            return performed.answer
        finally:
            services.store.database.close()

    return ask


def _http_work(services: Services, arguments: Json) -> Work:
    request, calls = read_request(arguments), services.http_calls
    return lambda attempt, seconds: calls.call(request, attempt, seconds)
