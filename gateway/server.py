"""The HTTP face: /invoke, /t, /v2 and the few addresses around them, as a Fn server has them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.http_exceptions import PayloadEncodingError
from multidict import CIMultiDict

from gateway import errors
from gateway.api import Api, ApiRequest
from gateway.errors import FnError
from gateway.exchange import Headers, Reply
from gateway.ids import new_id
from gateway.invoke import HOP_BY_HOP, Invoker
from gateway.tables import Tables

VERSION = "0.3.753"
_JSON = "application/json; charset=utf-8"
_TRIGGER_METHODS = frozenset(
    ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE")
)
_HTTP_HEADER = b"fn-http-h-"
_NOT_FOR_FUNCTIONS = HOP_BY_HOP | {b"host"}

Handler = Callable[[web.BaseRequest, str], Awaitable[web.Response]]


class Server:
    """Answers requests; the first segment of the path says who does."""

    def __init__(
        self,
        tables: Tables,
        api: Api,
        invoker: Invoker,
        metrics: Callable[[], str],
        max_request_size: int,
    ) -> None:
        self._tables = tables
        self._api = api
        self._invoker = invoker
        self._metrics = metrics
        self._max_request_size = max_request_size
        self._handlers: dict[str, Handler] = {
            "invoke": self._invoke,
            "t": self._trigger,
            "v2": self._v2,
            "": self._root,
            "version": self._version,
            "metrics": self._metrics_page,
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """The entry for aiohttp's low-level server."""
        path = unquote(request.raw_path.partition("?")[0])
        handler = self._handlers.get(path[1:].partition("/")[0], _nothing_here)
        try:
            return await handler(request, path)
        except FnError as error:
            return _refusal(error)

    async def _invoke(self, request: web.BaseRequest, path: str) -> web.Response:
        fn_id = path.removeprefix("/invoke/")
        if not fn_id or "/" in fn_id:
            raise FnError(errors.path_not_found(request.method, path))
        if request.method != "POST":
            raise FnError(errors.method_not_allowed(request.method, path))
        call_id = new_id()
        body = await self._body(request)
        headers = list(request.raw_headers)
        if request.headers.get("Fn-Invoke-Type") == "detached":
            self._invoker.detach(fn_id, call_id, headers, body)
            return web.Response(status=202, headers={"Fn-Call-Id": call_id})
        try:
            reply = await self._invoker.invoke(fn_id, call_id, headers, body)
        except FnError as error:
            return _refusal(error, call_id)
        return _function_response(reply, call_id)

    async def _trigger(self, request: web.BaseRequest, path: str) -> web.Response:
        if request.method not in _TRIGGER_METHODS:
            raise FnError(errors.method_not_allowed(request.method, path))
        app_name, _, source = path.removeprefix("/t/").partition("/")
        if path == "/t" or not app_name:
            raise FnError(errors.path_not_found(request.method, path))
        fn_id = self._fn_at(app_name, f"/{source}")
        call_id = new_id()
        body = await self._body(request)
        try:
            reply = await self._invoker.invoke(fn_id, call_id, _trigger_headers(request), body)
        except FnError as error:
            return _refusal(error, call_id)
        return _trigger_response(reply, call_id)

    def _fn_at(self, app_name: str, source: str) -> str:
        fn_id = self._tables.fn_at(app_name, source)
        if fn_id is not None:
            return fn_id
        known = self._tables.app_named(app_name)
        raise FnError(errors.TRIGGER_NOT_FOUND if known else errors.APP_NOT_FOUND)

    async def _v2(self, request: web.BaseRequest, path: str) -> web.Response:
        segments = path.split("/")[2:]
        if len(segments) == 3 and segments[0] == "fns" and segments[2] == "calls":
            return web.Response(status=410)
        if len(segments) not in (1, 2) or not all(segments):
            raise FnError(errors.path_not_found(request.method, path))
        collection, record_id = segments if len(segments) == 2 else (segments[0], "")
        value = self._api.answer(
            ApiRequest(
                method=request.method,
                collection=collection,
                id=record_id,
                query=request.query,
                body=await self._body(request),
                base_url=f"http://{request.host}",
            )
        )
        if value is None:
            return web.Response(status=204, headers={"Content-Type": "text/plain; charset=utf-8"})
        return _json(value)

    async def _root(self, request: web.BaseRequest, path: str) -> web.Response:
        _only_get(request, path, "/")
        return _json({"goto": "https://github.com/fnproject/fn", "hello": "world!"})

    async def _version(self, request: web.BaseRequest, path: str) -> web.Response:
        _only_get(request, path, "/version")
        return _json({"version": VERSION})

    async def _metrics_page(self, request: web.BaseRequest, path: str) -> web.Response:
        _only_get(request, path, "/metrics")
        return web.Response(text=self._metrics())

    async def _body(self, request: web.BaseRequest) -> bytes:
        limit, length = self._max_request_size, request.content_length or 0
        if limit and length > limit:
            raise FnError(errors.request_too_large(length, limit))
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            return await request.read()
        except (web.HTTPRequestEntityTooLarge, PayloadEncodingError) as error:
            raise FnError(errors.FUNCTION_RESPONSE) from error


async def _nothing_here(request: web.BaseRequest, path: str) -> web.Response:
    raise FnError(errors.path_not_found(request.method, path))


def _only_get(request: web.BaseRequest, path: str, own_path: str) -> None:
    if path != own_path:
        raise FnError(errors.path_not_found(request.method, path))
    if request.method != "GET":
        raise FnError(errors.method_not_allowed(request.method, path))


def _trigger_headers(request: web.BaseRequest) -> Headers:
    """Every header becomes Fn-Http-H-…, save Content-Type; Go keeps Host apart from headers."""
    headers = [
        (name if name.lower() == b"content-type" else b"Fn-Http-H-" + name, value)
        for name, value in request.raw_headers
        if name.lower() not in _NOT_FOR_FUNCTIONS
    ]
    url = f"http://{request.host}{request.raw_path}"
    return [
        *headers,
        (b"Fn-Http-Method", request.method.encode()),
        (b"Fn-Http-Request-Url", url.encode()),
        (b"Fn-Intent", b"httprequest"),
    ]


def _function_response(reply: Reply, call_id: str) -> web.Response:
    headers = _decoded(reply.headers)
    headers["Fn-Call-Id"] = call_id
    return web.Response(body=reply.body, headers=headers)


def _trigger_response(reply: Reply, call_id: str) -> web.Response:
    """Only what the function set for HTTP passes; see triggerResponseWriter in fnproject/fn."""
    status = 200
    passed: Headers = []
    for name, value in reply.headers:
        key = name.lower()
        if key.startswith(_HTTP_HEADER) and len(key) > len(_HTTP_HEADER):
            passed.append((name[len(_HTTP_HEADER) :], value))
        elif key == b"fn-http-status" and value.isdigit() and int(value) > 0:
            status = int(value)
        elif key == b"content-type":
            passed.append((name, value))
    headers = _decoded(passed)
    headers.popall("Content-Length", None)
    headers["Fn-Call-Id"] = call_id
    return web.Response(status=status, body=reply.body, headers=headers)


def _decoded(headers: Headers) -> CIMultiDict[str]:
    return CIMultiDict(
        (name.decode("latin-1").title(), value.decode("utf-8", "replace"))
        for name, value in headers
    )


def _json(value: Any) -> web.Response:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return web.Response(body=text.encode(), headers={"Content-Type": _JSON})


def _refusal(error: FnError, call_id: str = "") -> web.Response:
    """Fn's error body: Go escapes <, > and & for HTML, and ends the JSON with a line end."""
    text = json.dumps({"message": error.message}, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    headers = {"Content-Type": _JSON}
    if call_id:
        headers["Fn-Call-Id"] = call_id
    if error.message == errors.SERVER_TOO_BUSY.message:
        headers["Retry-After"] = "15"
    return web.Response(status=error.status, body=f"{text}\n".encode(), headers=headers)
