"""Carrying out HTTP Tasks: one request each, to a URL that the operator allows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

from asl.language.document import Document
from asl.language.errors import DATA_LIMIT_EXCEEDED, RUNTIME
from asl.language.events import Raised, Returned
from asl.language.http.connection import Connection
from asl.language.http.request import BadArgument, HttpRequest
from asl.language.limits import DATA_LIMIT
from asl.remote.allow_list import is_allowed
from asl.remote.attempts import Attempt
from asl.remote.http_messages import NO_CONNECTION, Message, Reply, message

if TYPE_CHECKING:
    import ssl

LONGEST_SECONDS = 60  # of a call, whatever TimeoutSeconds says
LONGEST_CAUSE = 32_768  # characters of a cause
SOCKET = "States.Http.Socket"
STATUS = "States.Http.StatusCode"
PERMISSIONS = "States.Permissions"
NOT_FOUND = "Events.ConnectionResource.ResourceNotFound"
ACCESS_DENIED = "Events.ConnectionResource.AccessDenied"
UNREADABLE = Raised(RUNTIME, "The response cannot be read as text.")
PLAIN = ((b"Accept-Encoding", b"identity"), (b"Connection", b"close"))
PASSED_ON = ("idempotency-key", "traceparent")  # of the headers that a function gets


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call: what came of it, and the reply it was read from, if there was one."""

    outcome: Returned | Raised
    reply: Reply | None = None


class HttpCalls:
    """Calls URLs below the prefixes of `allow`; used from several threads, none with an event loop.

    Redirects are not followed: they may lead where nothing is allowed. connections: by name.
    """

    def __init__(
        self, allow: Sequence[str], connections: Mapping[str, Connection], region: str
    ) -> None:
        self._allow = allow
        self._connections = connections
        self._agent = f"FnStates|HttpInvoke|{region}"

    def call(self, request: HttpRequest, attempt: Attempt, seconds: float) -> Returned | Raised:
        """Call and wait at most `seconds`. Every failure is an answer, none is raised."""
        return self.exchange(request, attempt, seconds).outcome

    def exchange(self, request: HttpRequest, attempt: Attempt, seconds: float) -> Exchange:
        """As `call`, with what came back."""
        refused = self._refusal(request)
        if refused is not None:
            return Exchange(refused)
        try:
            asked = self.message(request, attempt)
            wire = asked.encoded()
        except (BadArgument, UnicodeError) as fault:
            return Exchange(Raised(RUNTIME, f"The request cannot be made: {_told(fault)}"))
        seconds = min(seconds, LONGEST_SECONDS)
        try:
            reply = _run(self._send(asked, *wire, seconds))
        except TimeoutError:
            return Exchange(_unheard(request, f"there was no answer within {seconds:.0f} s"))
        except httpx.DecodingError:
            return Exchange(UNREADABLE)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            return Exchange(_unheard(request, _reason(fault)))
        return Exchange(_outcome(reply), reply)

    def message(
        self, request: HttpRequest, attempt: Attempt, *, reveal_secrets: bool = True
    ) -> Message:
        """What is sent; BadArgument. reveal_secrets: with what its connection adds."""
        known = self._connections.get(request.connection, NO_CONNECTION)
        given = attempt.headers()
        defaults = {name: given[name] for name in PASSED_ON if name in given}
        defaults |= {"User-Agent": self._agent, "Range": f"bytes=0-{DATA_LIMIT}"}
        return message(request, known if reveal_secrets else NO_CONNECTION, defaults)

    def _refusal(self, request: HttpRequest) -> Raised | None:
        """Why the operator does not have this called; the cause names the setting."""
        url = request.endpoint
        if url.count("/") == 2:
            url += "/"
        if not is_allowed(url, self._allow):
            return Raised(
                PERMISSIONS,
                f"{url} may not be called here: the setting HTTP_ALLOW names no prefix of it",
            )
        if not request.connection:
            return None
        connection = self._connections.get(request.connection)
        if connection is None:
            return Raised(
                NOT_FOUND,
                f"There is no connection '{request.connection}' in the setting HTTP_CONNECTIONS",
            )
        if is_allowed(url, connection.allow):
            return None
        return Raised(
            ACCESS_DENIED,
            f"The connection '{request.connection}' may not be used for {url}: the setting "
            "HTTP_CONNECTIONS allows it elsewhere",
        )

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    async def _send(
        self, asked: Message, headers: list[tuple[bytes, bytes]], body: bytes, seconds: float
    ) -> Reply:
        """One request on a connection of its own, so that `seconds` bound the whole of it."""
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(verify=self._trusted, trust_env=False, timeout=None) as client,
        ):
            request = client.build_request(
                asked.method, asked.url, headers=[*headers, *PLAIN], content=body or None
            )
            answer = await client.send(request, stream=True)
            try:
                return await _read(answer)
            finally:
                await answer.aclose()


def _run(sending: Coroutine[Any, Any, Reply]) -> Reply:
    """In a loop of its own. A look-up of a name that hangs is left to itself, not waited for."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(sending)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _read(answer: httpx.Response) -> Reply:
    """The reply, and one byte more of its body than is allowed where it has that many."""
    body = b""
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > DATA_LIMIT:
            break
    headers = [(name.lower(), value) for name, value in answer.headers.multi_items()]
    return Reply(answer.status_code, answer.reason_phrase, tuple(headers), body[: DATA_LIMIT + 1])


def _outcome(reply: Reply) -> Returned | Raised:
    """A result, or the error that Retry and Catch meet (developer guide, Call HTTPS APIs)."""
    if not reply.is_success:
        said = None if reply.is_binary else reply.decoded()
        return Raised(f"{STATUS}.{reply.status}", (said or reply.reason)[:LONGEST_CAUSE])
    if len(reply.body) > DATA_LIMIT:
        return Raised(
            DATA_LIMIT_EXCEEDED, f"The body of the response has more than {DATA_LIMIT} bytes."
        )
    text = None if reply.is_binary else reply.decoded()
    if text is None:
        return UNREADABLE
    return Returned(Document(reply.result(text)))


def _unheard(request: HttpRequest, reason: str) -> Raised:
    return Raised(SOCKET, f"{request.endpoint}: {reason}")


def _told(fault: BadArgument | UnicodeError) -> str:
    return str(fault) if isinstance(fault, BadArgument) else "it holds half a surrogate pair"


def _reason(fault: Exception) -> str:
    """What went wrong. What was to be sent is not told: a secret may be in it."""
    if isinstance(fault, httpx.LocalProtocolError | httpx.InvalidURL):
        return "the request cannot be sent over HTTP"
    return str(fault) or type(fault).__name__
