"""The arguments of an HTTP Task, read into a request (developer guide, Call HTTPS APIs)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from asl.language.errors import AslError
from asl.language.http.connection import name_of
from asl.language.scope import Json

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
ENCODINGS = ("NONE", "URL_ENCODED")
ARRAY_FORMATS = ("INDICES", "REPEAT", "COMMAS", "BRACKETS")
FORBIDDEN_HEADERS = frozenset({
    "a-im", "accept-charset", "accept-datetime", "accept-encoding", "authorization",
    "cache-control", "connection", "content-encoding", "content-md5", "date", "expect", "forwarded",
    "from", "host", "http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "max-forwards", "origin", "pragma", "proxy-authorization", "referer",
    "server", "te", "trailer", "transfer-encoding", "upgrade", "via", "warning",
})  # fmt: skip
FORBIDDEN_PREFIXES = ("x-forwarded-", "x-amz-", "x-amzn-")

_NO_URL = r"\s\x00-\x1f\x7f\ud800-\udfff#\\"
_ENDPOINT = re.compile(rf"https?://[^{_NO_URL}/?@]+(?:[/?][^{_NO_URL}]*)?")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x1f\x7f]*")

Pairs = tuple[tuple[str, str], ...]


class BadArgument(AslError):
    """An argument that makes no request; says why."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What an HTTP Task asks for, before its connection adds to it.

    query: names and values as they were given. body: None for none; a text is sent as it stands.
    array_format: how arrays are written in a body that is sent as a form; None: it is sent as
    JSON. connection: name of the one whose secrets are added, empty for none.
    """

    endpoint: str
    method: str
    headers: Pairs = ()
    query: Json = None
    body: Json = None
    array_format: str | None = None
    connection: str = ""


def read_request(arguments: Json) -> HttpRequest:
    """The request that the arguments of a Task make; BadArgument where they make none."""
    if not isinstance(arguments, dict):
        raise missing("ApiEndpoint")
    for name in arguments:
        if name not in READERS:
            raise BadArgument(f"The field '{name}' is not supported by Step Functions")
    for name in REQUIRED:
        if name not in arguments:
            raise missing(name)
    read = {name: READERS[name](value) for name, value in arguments.items()}
    if "Authentication" in read and "InvocationConfig" in read:
        raise BadArgument(
            "There should only be one of the following fields: [Authentication, InvocationConfig]"
        )
    return HttpRequest(
        endpoint=read["ApiEndpoint"],
        method=read["Method"],
        headers=read.get("Headers", ()),
        query=read.get("QueryParameters"),
        body=read.get("RequestBody"),
        array_format=read.get("Transform"),
        connection=read.get("InvocationConfig") or read.get("Authentication") or "",
    )


def missing(name: str) -> BadArgument:
    return BadArgument(f"The field '{name}' is required but was missing")


def _invalid(name: str) -> BadArgument:
    return BadArgument(f"The value of the field '{name}' has an invalid format")


def _endpoint(value: Json) -> str:
    """A URL without a user and without a fragment."""
    if not isinstance(value, str) or not _ENDPOINT.fullmatch(value):
        raise _invalid("ApiEndpoint")
    return value


def _one_of(name: str, value: Json, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        listed = ", ".join(allowed)
        raise BadArgument(f"The value of the field '{name}' should be one of: [{listed}]")
    return value


def _method(value: Json) -> str:
    return _one_of("Method", value, METHODS)


def _headers(value: Json) -> Pairs:
    """Names and values; of a list each element is a header of its own, null is none."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise _invalid("Headers")
    pairs: list[tuple[str, str]] = []
    for name, given in value.items():
        _check_header_name(name)
        each = given if isinstance(given, list) else [given]
        pairs += [(name, _header_value(name, one)) for one in each if one is not None]
    return tuple(pairs)


def _check_header_name(name: str) -> None:
    lower = name.lower()
    if not _HEADER_NAME.fullmatch(name):
        raise BadArgument(f"'{name}' is no name of an HTTP header")
    if lower in FORBIDDEN_HEADERS or lower.startswith(FORBIDDEN_PREFIXES):
        raise BadArgument(f"The header '{name}' is not allowed in an HTTP Task")


def _header_value(name: str, value: Json) -> str:
    text = text_of(value)
    if text is None or not _HEADER_VALUE.fullmatch(text):
        raise BadArgument(f"The value of the header '{name}' has an invalid format")
    return text.strip()


def text_of(value: Json) -> str | None:
    """A value as a URL or a header writes it; None for an array or an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else None


def _query(value: Json) -> Json:
    if value is not None and not isinstance(value, dict | str):
        raise _invalid("QueryParameters")
    return value


def _body(value: Json) -> Json:
    return value


def _transform(value: Json) -> str | None:
    """How arrays are written in a form; None for a body that is JSON."""
    if not isinstance(value, dict) or value.keys() - {
        "RequestBodyEncoding",
        "RequestEncodingOptions",
    }:
        raise _invalid("Transform")
    encoding = _one_of("RequestBodyEncoding", value.get("RequestBodyEncoding", "NONE"), ENCODINGS)
    options = value.get("RequestEncodingOptions", {})
    if not isinstance(options, dict) or options.keys() - {"ArrayFormat"}:
        raise _invalid("RequestEncodingOptions")
    array_format = _one_of("ArrayFormat", options.get("ArrayFormat", "INDICES"), ARRAY_FORMATS)
    return array_format if encoding == "URL_ENCODED" else None


def _connection(value: Json) -> str:
    """The name of the connection that is named by its ARN, or by its name alone."""
    if not isinstance(value, dict):
        raise missing("ConnectionArn")
    if "ConnectionArn" not in value:
        raise missing("ConnectionArn")
    name = name_of(value["ConnectionArn"])
    if name is None or len(value) > 1:
        raise _invalid("ConnectionArn")
    return name


REQUIRED = ("ApiEndpoint", "Method")
READERS: dict[str, Callable[[Json], Json]] = {
    "ApiEndpoint": _endpoint,
    "Method": _method,
    "Headers": _headers,
    "QueryParameters": _query,
    "RequestBody": _body,
    "Transform": _transform,
    "Authentication": _connection,
    "InvocationConfig": _connection,
}
