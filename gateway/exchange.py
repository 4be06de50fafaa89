"""One HTTP/1.1 connection to an FDK process: a request goes out, its whole response comes back."""

import asyncio
from dataclasses import dataclass
from typing import cast

from httptools import HttpParserError, HttpResponseParser

from gateway import errors
from gateway.errors import FnError

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A response read to its end."""

    status: int
    headers: Headers
    body: bytes


class Exchange(asyncio.Protocol):
    """Carries one request at a time; the connection is kept for the next."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._parser: HttpResponseParser | None = None
        self._headers: Headers = []
        self._body: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self.last_used = self._loop.time()

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, head: bytes, body: bytes) -> asyncio.Future[Reply]:
        """The future fails with FnError when the connection is lost before the response's end."""
        reply = self._reply = self._loop.create_future()
        self._parser = HttpResponseParser(self)
        self._headers = []
        self._body = []
        transport = cast("asyncio.Transport", self._transport)
        transport.write(head + body if len(body) < 65536 else head)
        if len(body) >= 65536:
            transport.write(body)
        return reply

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._fail()
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        parser, self._parser = cast("HttpResponseParser", self._parser), None
        self.last_used = self._loop.time()
        if self._reply and not self._reply.done():
            body = b"".join(self._body)
            self._reply.set_result(Reply(parser.get_status_code(), self._headers, body))
        if not parser.should_keep_alive():
            self.close()

    def _fail(self) -> None:
        if self._reply and not self._reply.done():
            self._reply.set_exception(FnError(errors.FUNCTION_RESPONSE))
