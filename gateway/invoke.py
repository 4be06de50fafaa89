"""A call of a function: which headers go in, and what its answer means (reference: Fn's agent)."""

import asyncio
import time
from collections.abc import Callable, Iterable

from gateway import errors
from gateway.errors import FnError
from gateway.exchange import Headers, Reply
from gateway.metrics import Metrics
from gateway.pool import Pool, Room
from gateway.process import Runtime

# Headers of one connection (fnproject/fn, api/common/io_utils.go), and those set anew here.
HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"proxy-connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_SET_ANEW = HOP_BY_HOP | {b"host", b"content-length", b"fn-call-id", b"fn-deadline"}
_NOT_PASSED_BACK = HOP_BY_HOP | {b"content-length"}
_USABLE_AFTER = (200, 502, 504)
_REQUEST_LINE = b"POST /call HTTP/1.1\r\nHost: localhost\r\n"


class Invoker:
    """Runs calls, waits for those under way, and counts them."""

    def __init__(
        self,
        room: Room,
        runtime_of: Callable[[str], Runtime],
        metrics: Metrics,
        log: Callable[[str, str], None],
    ) -> None:
        self._room = room
        self._runtime_of = runtime_of
        self._metrics = metrics
        self._log = log
        self._running = 0
        self._detached: set[asyncio.Task[None]] = set()
        self._closing = False

    async def invoke(self, fn_id: str, call_id: str, headers: Headers, body: bytes) -> Reply:
        """Runs the function and returns its reply, stripped of headers of the connection.

        Being cancelled kills the process that runs the call, as a client that hangs up does.
        Raises FnError with Fn's status and words for everything that is no 200 of the FDK.
        """
        pool = self._pool(fn_id)
        self._running += 1
        status = 499
        try:
            reply = await _run(pool, call_id, headers, body)
            status = reply.status
            return reply
        except FnError as error:
            status = error.status
            raise
        finally:
            self._running -= 1
            self._metrics.count_call(pool.runtime.label, status)

    def detach(self, fn_id: str, call_id: str, headers: Headers, body: bytes) -> None:
        """Starts a call that nobody waits for; its failure is one line in the log.

        Raises FnError for an unknown function, or for no room where calls do not wait.
        """
        pool = self._pool(fn_id)
        if not pool.idle:
            self._room.refuse_if_full(pool)
        call = self._invoke_unseen(pool.runtime.label, fn_id, call_id, headers, body)
        task = asyncio.get_running_loop().create_task(call)
        self._detached.add(task)
        task.add_done_callback(self._detached.discard)

    async def close(self, patience: float) -> None:
        """Refuses new calls and waits for those under way, at most ``patience`` seconds."""
        self._closing = True
        deadline = time.monotonic() + patience
        while self._running and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    def _pool(self, fn_id: str) -> Pool:
        if self._closing:
            raise FnError(errors.SHUTTING_DOWN)
        return self._room.pool(fn_id, self._runtime_of)

    async def _invoke_unseen(
        self, label: str, fn_id: str, call_id: str, headers: Headers, body: bytes
    ) -> None:
        try:
            await self.invoke(fn_id, call_id, headers, body)
        except FnError as error:
            self._log(label, f"detached call {call_id}: {error.status} {error.message}")


async def _run(pool: Pool, call_id: str, headers: Headers, body: bytes) -> Reply:
    process = await pool.acquire()
    usable = False
    try:
        head = _head(headers, call_id, process.runtime.timeout, len(body))
        reply = await process.call(head, body)
        usable = reply.status in _USABLE_AFTER
    finally:
        pool.release(process, usable=usable)
    if reply.status == 200:
        return Reply(200, _kept(reply.headers, _NOT_PASSED_BACK), reply.body)
    if reply.status == 502:
        raise FnError(errors.FUNCTION_FAILED)
    raise FnError(errors.TIMED_OUT if reply.status == 504 else errors.FUNCTION_INVALID_RESPONSE)


def _head(headers: Headers, call_id: str, timeout: int, length: int) -> bytes:
    """The request to the FDK up to its body. The deadline has whole seconds, cut off, as Fn's."""
    deadline = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + timeout))
    kept = _kept(headers, _SET_ANEW)
    start = _REQUEST_LINE
    if not any(name.lower() == b"user-agent" for name, _ in kept):
        start += b"User-Agent: Go-http-client/1.1\r\n"
    lines = b"".join([b"%b: %b\r\n" % header for header in kept])
    own = f"Fn-Call-Id: {call_id}\r\nFn-Deadline: {deadline}\r\nContent-Length: {length}\r\n\r\n"
    return start + lines + own.encode()


def _kept(headers: Iterable[tuple[bytes, bytes]], dropped: frozenset[bytes]) -> Headers:
    return [header for header in headers if header[0].lower() not in dropped]
