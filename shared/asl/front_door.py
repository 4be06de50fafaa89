"""The root function: AWS's API for clients, a page for browsers."""

from __future__ import annotations

import io
import logging
from typing import Any

from fdk.response import Response

from asl import wiring
from asl.aws.protocol import Answer, answer, error_body
from asl.endpoint import read_deadline
from asl.language import jsontext
from asl.settings import BadSetting
from asl.store.errors import BadDatabaseUrl, DatabaseUnavailable
from asl.usecases.heal import heal

log = logging.getLogger(__name__)

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Fn States</title></head>
<body><h1>Fn States</h1>
<p>Durable workflows in Amazon States Language that run as ordinary Fn functions.</p>
<p>This address speaks the API of AWS Step Functions: give it to boto3 or the AWS CLI as the
endpoint URL, with any credentials.</p>
<pre>aws stepfunctions list-state-machines --endpoint-url {url}</pre>
<p>The language: <a href="https://states-language.net/">states-language.net</a>.
The functions below: <a href="https://fnproject.io/">fnproject.io</a>.</p>
</body></html>
"""


def serve_front_door(ctx: Any, data: io.BytesIO | None) -> Response:
    """Answer one call. A handler never raises: what goes wrong is an answer with a status."""
    if ctx.Method() in ("GET", "HEAD"):
        return _page(ctx)
    target = ctx.Headers().get("x-amz-target", "")
    body = data.getvalue() if data is not None else b""
    return _respond(ctx, _answer(str(target), body, read_deadline(ctx)))


def _answer(target: str, body: bytes, deadline: int) -> Answer:
    try:
        services = wiring.services()
        answered = answer(target, body, services, deadline)
        heal(services)
        return answered
    except (BadSetting, BadDatabaseUrl) as fault:
        return _failure(500, "InternalServerError", str(fault))
    except DatabaseUnavailable as fault:
        return _failure(503, "ServiceUnavailable", str(fault))
    except Exception:
        log.exception("unexpected fault in %s", target)
        message = "an unexpected fault; the function's log has it"
        return _failure(500, "InternalServerError", message)


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
    url = (ctx.RequestURL() or "").partition("?")[0]
    safe = url.replace("&", "&amp;").replace("<", "&lt;")
    return Response(
        ctx,
        response_data=PAGE.format(url=safe),
        headers={"Content-Type": "text/html; charset=utf-8"},
    )
