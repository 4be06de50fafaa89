"""Process groups: starting them, hearing of their end, and leaving none behind."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

_LONGEST_LINE = 65536
_REAP_TRIES = 500
# The path of a unix socket is limited to 108 bytes, so TMPDIR is not asked.
_SOCKETS_ROOT = "/tmp"


class Child:
    """A process that leads its own session and group, so that what it starts ends with it."""

    def __init__(self, popen: subprocess.Popen[bytes], on_exit: Callable[[], None]) -> None:
        self._popen = popen
        self.pid = popen.pid
        self.dead = False
        self.on_exit = on_exit

    def signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, as Fn removes a container: no handler of the function runs."""
        self.dead = True
        self.signal_group(signal.SIGKILL)

    def reap(self) -> bool:
        """Whether the process has ended; what it left in its group is killed then."""
        if self._popen.poll() is None:
            return False
        self.kill()
        return True


class Children:
    """All processes the gateway started, watched over by a watchdog process.

    ``sockets`` is a short-named folder for unix sockets; it goes with the gateway.
    """

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        self.sockets = Path(tempfile.mkdtemp(prefix="fn-", dir=_SOCKETS_ROOT))
        self._watchdog = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                str(Path(__file__).with_name("watchdog.py")),
                self.sockets,
            ],
            stdin=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    async def spawn(
        self,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        *,
        on_line: Callable[[str], None],
        on_exit: Callable[[], None],
    ) -> Child:
        """Starts a command; each line of its stdout and stderr goes to ``on_line``.

        ``on_exit`` is called once the process has ended and its group is dead.
        Raises OSError when it cannot be started.
        """
        popen = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._tell_watchdog(f"+{popen.pid}\n")
        child = self._children[popen.pid] = Child(popen, on_exit)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: _Lines(on_line), cast("IO[bytes]", popen.stdout))
        return child

    async def close(self) -> None:
        """Kills every group and waits until all are reaped, at most 5 seconds."""
        for child in self._children.values():
            child.kill()
        for _ in range(_REAP_TRIES):
            self._reap()
            if not self._children:
                break
            await asyncio.sleep(0.01)
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)
        cast("IO[bytes]", self._watchdog.stdin).close()
        self._watchdog.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _reap(self) -> None:
        for child in [child for child in self._children.values() if child.reap()]:
            del self._children[child.pid]
            self._tell_watchdog(f"-{child.pid}\n")
            child.on_exit()

    def _tell_watchdog(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(cast("IO[bytes]", self._watchdog.stdin).fileno(), line.encode())


class _Lines(asyncio.Protocol):
    """Cuts a stream into lines; one without an end is passed on when it grows too long."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._pass_on(line)
        if len(self._rest) > _LONGEST_LINE:
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest:
            self._pass_on(self._rest)
        self._rest = b""

    def _pass_on(self, line: bytes) -> None:
        self._on_line(line.decode(errors="replace").rstrip("\r"))
