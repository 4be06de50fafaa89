"""The door of every function: bytes ⇄ command ⇄ JSON, faults → status. Only this imports fdk."""

from __future__ import annotations

import inspect
import io
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from fdk.response import Response

from asl import logs, wiring
from asl.api_keys import bearer_is_known
from asl.language import jsontext
from asl.language.errors import AslError
from asl.settings import BadSetting, Settings
from asl.store.errors import BadDatabaseUrl, DatabaseUnavailable, UnstorableValue
from asl.usecases import views
from asl.usecases.common import Command
from asl.usecases.errors import (
    InvalidDefinition,
    InvalidInput,
    PayloadTooLarge,
    Refusal,
    Unauthorized,
)
from asl.usecases.heal import look_around
from asl.usecases.tracing import read_traceparent

log = logging.getLogger(__name__)

Usecase = Callable[..., dict[str, Any] | str]

LARGEST_BODY = 2 << 20  # a definition of 1 MiB, escaped within JSON
JSON_HEADERS = {"Content-Type": "application/json"}
TEXT_HEADERS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
# Use cases whose function is not called after them.
FUNCTION_NAMES = {
    "advance": "step-runner", "tick": "timer", "evict": "evictor", "list_machines": "list",
}  # fmt: skip
READERS_ONLY = frozenset({"list", "executions", "steps", "stuck", "metrics"})
UNAUTHORIZED_HEADERS = {**JSON_HEADERS, "WWW-Authenticate": "Bearer"}
_AT = re.compile(r"^(?P<what>.*?) - at `\$\.(?P<field>[^`]*)`$")


def serve(usecase: Usecase, kind: type[Command], ctx: Any, data: io.BytesIO | None) -> Response:
    """Answer one call. A handler never raises: what goes wrong is an answer with a status."""
    logs.begin_call(function_name(usecase), ctx.CallID())
    try:
        services = wiring.services()
        check_key(ctx, services.settings)
        check_method(ctx, usecase)
        command = read_command(kind, ctx, data)
        body, status = usecase(command, services, **_of_call(usecase, ctx)), 200
        look_around(services)
    except Refusal as refusal:
        body, status = refusal_body(refusal), refusal.status
    except (BadSetting, BadDatabaseUrl) as fault:
        log.error("bad setting: %s", fault)  # noqa: TRY400 - it says all there is to say
        body, status = {"error": "BadSetting", "message": str(fault)}, 500
    except UnstorableValue as fault:
        body, status = {"error": "InvalidInput", "message": f"it cannot be stored: {fault}"}, 400
    except DatabaseUnavailable as fault:
        log.warning("the database is unavailable: %s", fault)
        body, status = {"error": "DatabaseUnavailable", "message": str(fault)}, 503
    except Exception:
        log.exception("unexpected fault in %s", usecase.__name__)
        message = "an unexpected fault; the function's log has it"
        body, status = {"error": "InternalError", "message": message}, 500
    return respond(ctx, body, status)


def respond(ctx: Any, body: dict[str, Any] | str, status: int) -> Response:
    """JSON; a text is what Prometheus reads."""
    if isinstance(body, str):
        return Response(ctx, response_data=body, headers=TEXT_HEADERS, status_code=status)
    headers = UNAUTHORIZED_HEADERS if status == Unauthorized.status else JSON_HEADERS
    return Response(ctx, response_data=jsontext.dumps(body), headers=headers, status_code=status)


def function_name(usecase: Usecase) -> str:
    """The function that a use case is the work of; Fn does not tell."""
    name = usecase.__name__
    return FUNCTION_NAMES.get(name, name)


def came_by_trigger(ctx: Any) -> bool:
    """Whether this call came through an HTTP trigger rather than Fn's own API.

    Fn sets the method at every trigger, over whatever the caller sends; a header that looks like
    Fn's own reaches a function with a prefix (fnproject/fn, api/server/runner_httptrigger.go).
    """
    return ctx.Method() is not None


def authorization(ctx: Any) -> str:
    return str(ctx.HTTPHeaders().get("authorization", ""))


def check_key(ctx: Any, settings: Settings) -> None:
    """Unauthorized when keys are set and a trigger's caller shows none.

    Fn's own API is its operator's to guard: `fn invoke` and invitations cannot send a key.
    """
    if not settings.api_keys or not came_by_trigger(ctx):
        return
    if not bearer_is_known(authorization(ctx), settings.api_keys):
        raise Unauthorized(
            "this address wants a key: send the header 'Authorization: Bearer <secret>' with a "
            "secret of the setting API_KEYS, or use `fn invoke`"
        )


def check_method(ctx: Any, usecase: Usecase) -> None:
    """A page that a browser shows can make it GET any address: that must not change anything."""
    name = function_name(usecase)
    if ctx.Method() in ("GET", "HEAD") and name not in READERS_ONLY:
        raise InvalidInput(f"{name} changes something: send it as POST, with its fields as JSON")


def _of_call(usecase: Usecase, ctx: Any) -> dict[str, Any]:
    """What a use case wants to know of the call itself."""
    return {name: _READERS[name](ctx) for name in _wanted(usecase)}


@lru_cache(maxsize=20)
def _wanted(usecase: Usecase) -> list[str]:
    return [name for name in inspect.signature(usecase).parameters if name in _READERS]


def refusal_body(refusal: Refusal) -> dict[str, Any]:
    body: dict[str, Any] = {"error": refusal.name, "message": str(refusal)}
    if isinstance(refusal, InvalidDefinition):
        body["diagnostics"] = [views.diagnostic(fault) for fault in refusal.diagnostics]
    return body


def read_command(kind: type[Command], ctx: Any, data: io.BytesIO | None) -> Command:
    """The command of a call: its JSON body, or the query of a GET; else InvalidInput."""
    if ctx.Method() == "GET":
        fields: Any = dict(parse_qsl((ctx.RequestURL() or "").partition("?")[2]))
        return convert(kind, fields, strict=False)
    body = data.getvalue() if data is not None else b""
    if len(body) > LARGEST_BODY:
        raise PayloadTooLarge(
            f"the body has {len(body)} bytes; at most {LARGEST_BODY} are accepted"
        )
    if not body.strip():
        return convert(kind, {}, strict=True, empty=True)
    try:
        fields = jsontext.loads(body.decode())
    except UnicodeDecodeError as fault:
        raise InvalidInput("the body is not UTF-8") from fault
    except AslError as fault:
        raise InvalidInput(f"the body is not JSON: {fault}") from fault
    if not isinstance(fields, dict):
        raise InvalidInput("the body must be a JSON object")
    return convert(kind, fields, strict=True)


def convert(
    kind: type[Command], fields: Mapping[str, Any], *, strict: bool, empty: bool = False
) -> Command:
    try:
        return msgspec.convert(fields, kind, strict=strict)
    except msgspec.ValidationError as fault:
        text = str(fault)
        if found := _AT.match(text):
            text = f"{found['field']}: {_lower(found['what'])}"
        takes = ", ".join(kind.__struct_encode_fields__) or "no fields"
        hint = "the body is empty; " if empty else ""
        raise InvalidInput(
            f"{hint}{_lower(text)} ({kind.__name__.lower()} takes {takes})"
        ) from fault


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def read_deadline(ctx: Any) -> int:
    """When Fn kills this call, in ms since epoch."""
    moment = datetime.fromisoformat(ctx.Deadline())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def read_trace(ctx: Any) -> str:
    """The traceparent that a call came with: through a trigger, or straight to the function."""
    sent = ctx.HTTPHeaders() or ctx.Headers()
    return read_traceparent(sent.get("traceparent"))


_READERS: dict[str, Callable[[Any], Any]] = {"deadline": read_deadline, "trace": read_trace}
