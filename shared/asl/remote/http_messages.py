"""What goes over the wire for an HTTP Task, and what its result shows of what came back."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from asl.language import jsontext
from asl.language.http.connection import Connection
from asl.language.http.request import BadArgument, HttpRequest, Pairs, text_of
from asl.language.scope import Json

JSON_TYPE = "application/json; charset=UTF-8"
FORM_TYPE = "application/x-www-form-urlencoded"
MEASURED = frozenset({"content-length", "transfer-encoding"})  # whatever anybody says of them
NO_CONNECTION = Connection(())
# What Python can decode but no media type has; a punycode of 200 kB takes it eleven seconds.
NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it is sent. body: empty for none."""

    method: str
    url: str
    headers: Pairs
    body: str

    @property
    def protocol(self) -> str:
        return urlsplit(self.url).scheme

    def encoded(self) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Headers and body in bytes; UnicodeError where they hold half a surrogate pair."""
        headers = [(name.encode(), value.encode()) for name, value in self.headers]
        return headers, self.body.encode()


def message(request: HttpRequest, connection: Connection, defaults: Mapping[str, str]) -> Message:
    """The request with what its connection adds, which takes the place of what it says itself.

    defaults: headers where neither says any. BadArgument where the two cannot be one.
    """
    body = _body(request, connection)
    kind = JSON_TYPE if request.array_format is None else FORM_TYPE
    wanted = {"Content-Type": kind, **defaults} if body else defaults
    return Message(
        request.method, _url(request, connection), _headers(request, connection, wanted), body
    )


def _headers(request: HttpRequest, connection: Connection, defaults: Mapping[str, str]) -> Pairs:
    added = {name.lower() for name in connection.headers}
    pairs = [pair for pair in request.headers if pair[0].lower() not in added]
    pairs += connection.headers.items()
    said = {name.lower() for name, _ in pairs}
    pairs += [pair for pair in defaults.items() if pair[0].lower() not in said]
    return tuple(pair for pair in pairs if pair[0].lower() not in MEASURED)


def _url(request: HttpRequest, connection: Connection) -> str:
    query = request.query
    given = parse_qsl(query, True) if isinstance(query, str) else list(_form(query or {}, "REPEAT"))
    pairs = [pair for pair in given if pair[0] not in connection.query]
    added = _written([*pairs, *connection.query.items()])
    if not added:
        return request.endpoint
    return f"{request.endpoint}{'&' if '?' in request.endpoint else '?'}{added}"


def _body(request: HttpRequest, connection: Connection) -> str:
    body = request.body
    if connection.body:
        if body is not None and not isinstance(body, dict):
            raise BadArgument(
                "A RequestBody that is no object cannot be merged with a connection's"
            )
        body = {**(body or {}), **connection.body}
    if body is None or isinstance(body, str):
        return body or ""
    if request.array_format is None:
        return jsontext.compact(body)
    if not isinstance(body, dict):
        raise BadArgument("Only an object can be URL-encoded as a RequestBody")
    return _written(_form(body, request.array_format))


def _written(pairs: Any) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe=',')}" for name, value in pairs)


def _form(fields: dict[str, Json], array_format: str) -> Iterator[tuple[str, str]]:
    """Names and values of a form: `a[b]` for what is within, arrays as they are wanted."""
    for name, value in fields.items():
        yield from _field(name, value, array_format)


def _field(name: str, value: Json, array_format: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for inner, held in value.items():
            yield from _field(f"{name}[{inner}]", held, array_format)
    elif isinstance(value, list):
        yield from _array(name, value, array_format)
    elif value is not None:
        yield name, text_of(value) or ""


def _array(name: str, items: list[Json], array_format: str) -> Iterator[tuple[str, str]]:
    if array_format == "COMMAS":
        yield name, ",".join(_plain(item) for item in items)
        return
    for index, item in enumerate(items):
        named = {"INDICES": f"{name}[{index}]", "BRACKETS": f"{name}[]"}.get(array_format, name)
        yield from _field(named, item, array_format)


def _plain(value: Json) -> str:
    text = text_of(value)
    return jsontext.compact(value) if text is None else text


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. headers: names in lower case, in their order. body: as much as was read."""

    status: int
    reason: str
    headers: Pairs
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        return self._header("content-type").partition(";")[0].strip().lower()

    @property
    def is_binary(self) -> bool:
        """What no HTTP Task reads, whatever its bytes are."""
        kind = self.media_type
        return kind == "application/octet-stream" or kind.startswith(("image/", "video/", "audio/"))

    @property
    def is_json(self) -> bool:
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    def _header(self, name: str) -> str:
        return next((value for known, value in self.headers if known == name), "")

    def decoded(self) -> str | None:
        """The body as text; None where it is none."""
        said = self._header("content-type").lower().partition("charset=")[2]
        charset = said.partition(";")[0].strip(" \"'") or "utf-8"
        try:
            return None if codecs.lookup(charset).name in NO_CHARSETS else self.body.decode(charset)
        except (LookupError, ValueError):
            return None

    def result(self, text: str) -> Json:
        """The result of the Task. text: the body, which is read where it is JSON."""
        body: Json = text
        if self.is_json and text:
            try:
                body = jsontext.loads(text)
            except jsontext.InvalidJson:
                body = text
        headers: dict[str, list[str]] = {}
        for name, value in self.headers:
            headers.setdefault(name, []).append(value)
        return {
            "Headers": headers,
            "ResponseBody": body,
            "StatusCode": self.status,
            "StatusText": self.reason,
        }
