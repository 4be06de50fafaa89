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
from urllib.parse import parse_qsl, urlsplit

import msgspec
from fdk.response import Response

from asl import wiring
from asl.language import jsontext
from asl.language.errors import AslError
from asl.settings import BadSetting
from asl.store.errors import BadDatabaseUrl, DatabaseUnavailable, UnstorableValue
from asl.usecases import views
from asl.usecases.common import Command
from asl.usecases.errors import InvalidDefinition, InvalidInput, PayloadTooLarge, Refusal
from asl.usecases.heal import heal

log = logging.getLogger(__name__)

Usecase = Callable[..., dict[str, Any]]

LARGEST_BODY = 2 << 20  # a definition of 1 MiB, escaped within JSON
JSON_HEADERS = {"Content-Type": "application/json"}
_AT = re.compile(r"^(?P<what>.*?) - at `\$\.(?P<field>[^`]*)`$")


def serve(usecase: Usecase, kind: type[Command], ctx: Any, data: io.BytesIO | None) -> Response:
    """Answer one call. A handler never raises: what goes wrong is an answer with a status."""
    try:
        command = read_command(kind, ctx, data)
        services = wiring.services()
        deadline = (read_deadline(ctx),) if _wants_deadline(usecase) else ()
        body, status = usecase(command, services, *deadline), 200
        heal(services)
    except Refusal as refusal:
        body, status = refusal_body(refusal), refusal.status
    except (BadSetting, BadDatabaseUrl) as fault:
        body, status = {"error": "BadSetting", "message": str(fault)}, 500
    except UnstorableValue as fault:
        body, status = {"error": "InvalidInput", "message": f"it cannot be stored: {fault}"}, 400
    except DatabaseUnavailable as fault:
        body, status = {"error": "DatabaseUnavailable", "message": str(fault)}, 503
    except Exception:
        log.exception("unexpected fault in %s", usecase.__name__)
        message = "an unexpected fault; the function's log has it"
        body, status = {"error": "InternalError", "message": message}, 500
    return Response(
        ctx, response_data=jsontext.dumps(body), headers=JSON_HEADERS, status_code=status
    )


@lru_cache(maxsize=20)
def _wants_deadline(usecase: Usecase) -> bool:
    return "deadline" in inspect.signature(usecase).parameters


def refusal_body(refusal: Refusal) -> dict[str, Any]:
    body: dict[str, Any] = {"error": refusal.name, "message": str(refusal)}
    if isinstance(refusal, InvalidDefinition):
        body["diagnostics"] = [views.diagnostic(fault) for fault in refusal.diagnostics]
    return body


def read_command(kind: type[Command], ctx: Any, data: io.BytesIO | None) -> Command:
    """The command of a call: its JSON body, or the query of a GET; else InvalidInput."""
    if ctx.Method() == "GET":
        fields: Any = dict(parse_qsl(urlsplit(ctx.RequestURL() or "").query))
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
        takes = ", ".join(kind.__struct_fields__) or "no fields"
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
