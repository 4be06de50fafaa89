"""One running copy of a function: a real FDK process listening on a unix socket."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway import errors
from gateway.children import Child, Children
from gateway.errors import FnError
from gateway.exchange import Exchange, Reply

# FN_HOT_START_TIMEOUT_MSECS and FN_FREEZE_IDLE_MSECS of a Fn server, in seconds.
START_TIMEOUT = 5.0
FREEZE_AFTER = 0.05
# The FDK means to close a connection that was idle for 75 s, but its clock stands still, and it
# asks itself without a pause whether it is time (fdk/async_http/protocol.py). So we close it.
_RECONNECT_AFTER = 30.0
_LOOK_EVERY = 0.005
# What the console script `fdk` does, without depending on where it was installed. The FDK asks for
# the current event loop, and Python 3.14 no longer makes one by itself.
_FDK = (
    "import asyncio; asyncio.set_event_loop(asyncio.new_event_loop()); "
    "from fdk.scripts.fdk import main; main()"
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """All that makes two processes of a function alike; a change of any of it makes new ones.

    ``label`` is ``app/function``, ``code_time`` the newest mtime (ns) of the folder's Python files.
    """

    label: str
    folder: Path
    timeout: int
    idle_timeout: int
    env: tuple[tuple[str, str], ...]
    code_time: int


class FunctionProcess:
    """A hot process. It serves one call at a time and is never asked for two."""

    def __init__(self, runtime: Runtime, child: Child, socket: Path, *, freezes: bool) -> None:
        self.runtime = runtime
        self.idle_since = 0.0
        self._child = child
        self._socket = socket
        self._freezes = freezes
        self._frozen = False
        self._exchange: Exchange | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._loop = asyncio.get_running_loop()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def dead(self) -> bool:
        return self._child.dead

    async def connect(self) -> None:
        """Waits for the FDK to listen: it binds, then makes a symlink to the socket.

        Raises FnError as Fn does for a container that dies first, or takes over 5 seconds.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while not self._socket.is_symlink():
                    if self.dead:
                        raise FnError(errors.INIT_FAILED)
                    await asyncio.sleep(_LOOK_EVERY)
                await self._connected()
        except TimeoutError as error:
            raise FnError(errors.INIT_TIMED_OUT) from error
        except OSError as error:
            raise FnError(errors.INIT_FAILED) from error

    async def call(self, head: bytes, body: bytes) -> Reply:
        """One request. After any FnError the process is of no use; the caller ends it.

        Raises FnError: ``Timed out`` after the function's timeout, or the connection was lost.
        """
        try:
            exchange = await self._connected()
        except OSError as error:
            raise FnError(errors.FUNCTION_RESPONSE) from error
        reply = exchange.send(head, body)
        timer = self._loop.call_later(self.runtime.timeout, _expire, reply)
        try:
            return await reply
        finally:
            timer.cancel()

    def rest(self, when_idle_too_long: Callable[[], None]) -> None:
        """Called when there is nothing to do: starts the idle time, and perhaps freezes."""
        self.idle_since = self._loop.time()
        self._timers = [
            self._loop.call_later(self.runtime.idle_timeout, when_idle_too_long),
            self._loop.call_later(_RECONNECT_AFTER, self._disconnect),
        ]
        if self._freezes:
            self._timers.append(self._loop.call_later(FREEZE_AFTER, self._freeze))

    def wake(self) -> None:
        self._cancel_timers()
        if self._frozen:
            self._frozen = False
            self._child.signal_group(signal.SIGCONT)

    def end(self) -> None:
        self._cancel_timers()
        self._child.kill()
        if self._exchange:
            self._exchange.close()

    async def _connected(self) -> Exchange:
        exchange = self._exchange
        stale = exchange and self._loop.time() - exchange.last_used > _RECONNECT_AFTER
        if exchange and exchange.open and not stale:
            return exchange
        if exchange:
            exchange.close()
        _, self._exchange = await self._loop.create_unix_connection(Exchange, str(self._socket))
        return self._exchange

    def _disconnect(self) -> None:
        if self._exchange:
            self._exchange.close()

    def _freeze(self) -> None:
        self._frozen = True
        self._child.signal_group(signal.SIGSTOP)

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []


class Launcher:
    """Starts function processes, each with its own socket folder."""

    def __init__(
        self, children: Children, log: Callable[[str, str], None], *, freezes: bool
    ) -> None:
        self._children = children
        self._log = log
        self._freezes = freezes
        self._started = 0

    async def launch(self, runtime: Runtime, on_exit: Callable[[], None]) -> FunctionProcess:
        """A process that is connected and ready. Raises FnError when there will be none."""
        if not runtime.folder.is_absolute() or not runtime.folder.is_dir():
            raise FnError(errors.image_not_found(str(runtime.folder)))
        self._started += 1
        socket = self._children.sockets / str(self._started) / "lsnr.sock"
        socket.parent.mkdir()
        env = dict(runtime.env) | {"FN_LISTENER": f"unix:{socket}", "FN_FORMAT": "http-stream"}
        try:
            child = await self._children.spawn(
                [sys.executable, "-c", _FDK, "func.py", "handler"],
                runtime.folder,
                env,
                on_line=lambda line: self._log(runtime.label, line),
                on_exit=lambda: _gone(socket, on_exit),
            )
        except OSError as error:
            self._log(runtime.label, f"cannot start: {error}")
            raise FnError(errors.INIT_FAILED) from error
        process = FunctionProcess(runtime, child, socket, freezes=self._freezes)
        try:
            await process.connect()
        except BaseException:
            process.end()
            raise
        return process


def _gone(socket: Path, on_exit: Callable[[], None]) -> None:
    shutil.rmtree(socket.parent, ignore_errors=True)
    on_exit()


def _expire(reply: asyncio.Future[Reply]) -> None:
    if not reply.done():
        reply.set_exception(FnError(errors.TIMED_OUT))
