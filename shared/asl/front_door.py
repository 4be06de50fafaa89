"""The root function: AWS's API for clients, the console for browsers."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fdk.response import Response

from asl import logs, wiring
from asl.api_keys import basic_is_known, bearer_is_known
from asl.aws.errors import AwsError
from asl.aws.protocol import Answer, answer, error_body
from asl.aws.signatures import Request, verify
from asl.aws.tracing import traceparent
from asl.console.layout import HEADERS, render
from asl.console.pages import failure, show
from asl.endpoint import authorization, came_by_trigger, read_deadline, read_trace
from asl.language import jsontext
from asl.settings import BadSetting, Settings
from asl.store.errors import BadDatabaseUrl, DatabaseUnavailable, UnstorableValue
from asl.usecases.heal import look_around
from asl.usecases.services import Services

log = logging.getLogger(__name__)

CHALLENGE = {"WWW-Authenticate": 'Basic realm="Fn States", charset="UTF-8"'}


def serve_front_door(ctx: Any, data: io.BytesIO | None) -> Response:
    """Answer one call. A handler never raises: what goes wrong is an answer with a status."""
    if ctx.Method() in ("GET", "HEAD"):
        return _page(ctx)
    target = ctx.Headers().get("x-amz-target", "")
    body = data.getvalue() if data is not None else b""
    return _respond(ctx, _answer(ctx, str(target), body))


def _answer(ctx: Any, target: str, body: bytes) -> Answer:
    logs.begin_call("front-door", ctx.CallID())
    try:
        services = wiring.services()
        check_signature(ctx, body, services)
        answered = answer(target, body, services, read_deadline(ctx), read_request_trace(ctx))
        look_around(services)
        return answered
    except AwsError as refused:
        return _failure(refused.status, refused.code, str(refused))
    except (BadSetting, BadDatabaseUrl) as fault:
        return _failure(500, "InternalServerError", str(fault))
    except DatabaseUnavailable as fault:
        return _failure(503, "ServiceUnavailable", str(fault))
    except Exception:
        log.exception("unexpected fault in %s", target)
        message = "an unexpected fault; the function's log has it"
        return _failure(500, "InternalServerError", message)


def check_signature(ctx: Any, body: bytes, services: Services) -> None:
    """AwsError when keys are set and a trigger's caller has not signed with one of them."""
    settings = services.settings
    if not settings.api_keys:
        say_that_it_is_open()
    elif came_by_trigger(ctx):
        request = Request(ctx.Method(), ctx.RequestURL() or "", _headers(ctx, body), body)
        verify(request, settings.api_keys, services.now(), settings.public_url)


def _headers(ctx: Any, body: bytes) -> dict[str, str]:
    """What the caller sent. Fn keeps the type of the content apart, and may not pass its length."""
    content = {
        "content-type": ctx.Headers().get("content-type", ""),
        "content-length": str(len(body)),
    }
    return content | {name.lower(): str(value) for name, value in ctx.HTTPHeaders().items()}


@lru_cache(maxsize=1)
def say_that_it_is_open() -> None:
    """Once a process: nobody should learn it from a stranger."""
    log.warning("API_KEYS is not set: whoever reaches the triggers of this app may use them")


def read_request_trace(ctx: Any) -> str:
    """The trace of a request: W3C's header, or the one that AWS's clients send; or none."""
    return read_trace(ctx) or traceparent(ctx.Headers().get("x-amzn-trace-id"))


def _failure(status: int, code: str, message: str) -> Answer:
    return Answer(status, error_body(code, message), code)


def _respond(ctx: Any, answered: Answer) -> Response:
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": ctx.CallID()}
    if answered.error is not None:
        headers["x-amzn-ErrorType"] = answered.error
    return Response(
        ctx,
        response_data=jsontext.dumps(answered.body),
        headers=headers,
        status_code=answered.status,
    )


def _page(ctx: Any) -> Response:
    logs.begin_call("front-door", ctx.CallID())
    try:
        services = wiring.services()
        if not may_look(ctx, services.settings):
            message = "This console wants a key: the id and the secret of one of API_KEYS."
            return _html(ctx, 401, render(failure(401, message), ""), CHALLENGE)
        status, document = show(ctx.RequestURL() or "", services)
        look_around(services)
        return _html(ctx, status, document)
    except (BadSetting, BadDatabaseUrl) as fault:
        return _fault_page(ctx, 500, str(fault))
    except UnstorableValue as fault:
        return _fault_page(ctx, 400, str(fault))
    except DatabaseUnavailable as fault:
        return _fault_page(ctx, 503, str(fault))
    except Exception:
        log.exception("unexpected fault in the console")
        return _fault_page(ctx, 500, "An unexpected fault; the function's log has it.")


def may_look(ctx: Any, settings: Settings) -> bool:
    """Without keys everybody may; with keys, who shows one as a browser or a program does."""
    keys, shown = settings.api_keys, authorization(ctx)
    return not keys or basic_is_known(shown, keys) or bearer_is_known(shown, keys)


def _fault_page(ctx: Any, status: int, message: str) -> Response:
    return _html(ctx, status, render(failure(status, message), ""))


def _html(
    ctx: Any, status: int, document: bytes, headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    return Response(ctx, response_data=document, headers={**HEADERS, **headers}, status_code=status)
