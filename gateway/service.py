"""The gateway as a whole: its parts put together, started in order and ended in order."""

import asyncio
import contextlib
import fcntl
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from gateway.api import Api
from gateway.children import Children
from gateway.deploy import deploy
from gateway.errors import GatewayError
from gateway.funcfile import Bundle, read_folder, read_root
from gateway.invoke import Invoker
from gateway.metrics import Metrics
from gateway.pool import Room
from gateway.process import Launcher
from gateway.registry import Registry
from gateway.runtimes import Runtimes
from gateway.server import Server
from gateway.tables import Tables
from gateway.ticker import Ticker, log_to_stderr

SHUTDOWN_PATIENCE = 5.0
# As Go's server: request line and headers may have 1 MB.
_HEADER_LIMIT = 1 << 20
# The FDK sets the root logger to DEBUG, so every library's debug lines come out in its format.
_DEBUG_LINE = re.compile(r"\S+ - \S+ - DEBUG - ")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says; see ``python -m gateway --help``."""

    root: Path
    apps: tuple[tuple[str, Path], ...]
    config: dict[str, str]
    data: Path
    host: str
    port: int
    max_processes: int
    max_processes_per_function: int
    busy_waits: bool
    freeze: bool
    max_request_size: int
    ticker: bool
    verbose: bool


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until ``stop`` is set. Raises GatewayError when it cannot start."""
    async with AsyncExitStack() as stack:
        stack.enter_context(_locked(settings.data))
        tables = Tables(settings.data / "registry.json")
        deploy(Registry(tables), _bundles(settings))
        url = await stack.enter_async_context(_serving(settings, tables))
        if settings.ticker:
            await stack.enter_async_context(_ticking(url))
        print(
            f"fn states gateway listening on {url} (development stand-in for a Fn server)",
            flush=True,
        )
        await stop.wait()


def _bundles(settings: Settings) -> Sequence[Bundle]:
    """The root's bundle, with --config over its app.yaml, and those of --app."""
    root = read_root(settings.root)
    config = root.fields["config"] | settings.config
    root = replace(root, fields=root.fields | {"config": config})
    return [root, *(read_folder(name, folder) for name, folder in settings.apps)]


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """One gateway for one data folder."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "gateway.lock").open("w")
    except OSError as error:
        raise GatewayError(f"cannot keep data in {data}: {error.strerror or error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GatewayError(f"another gateway is running on {data}") from error
        yield


@asynccontextmanager
async def _serving(settings: Settings, tables: Tables) -> AsyncIterator[str]:
    """Listens, and gives the address; at the end calls may finish, then every process is killed."""
    log = _Log(verbose=settings.verbose)
    address: dict[str, str] = {}
    children = Children()
    room = Room(
        Launcher(children, log, freezes=settings.freeze),
        most=settings.max_processes,
        most_of_one=settings.max_processes_per_function,
        waits=settings.busy_waits,
    )
    runtimes = Runtimes(tables, settings.root.resolve() / "shared", lambda: address["url"])
    tables.changed = lambda: runtimes.renew(room)
    metrics = Metrics()
    invoker = Invoker(room, runtimes.of, metrics, log)
    api = Api(Registry(tables))
    limit = settings.max_request_size
    server = Server(tables, api, invoker, lambda: metrics.text(room.pools.values()), limit)
    runner = web.ServerRunner(_http_server(server, limit), shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = await _listen(runner, settings)
        address["url"] = _url(settings.host, runner.addresses[0][1])
        yield address["url"]
        await site.stop()
        await invoker.close(SHUTDOWN_PATIENCE)
    finally:
        room.close()
        await children.close()
        await runner.cleanup()


async def _listen(runner: web.ServerRunner, settings: Settings) -> web.TCPSite:
    site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
    try:
        await site.start()
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        # asyncio puts the whole story into strerror; errno is negative for an unknown host.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error
        raise GatewayError(f"cannot listen on {where}: {reason}") from error
    return site


def _url(host: str, port: int) -> str:
    """An address that functions on this machine can use."""
    return f"http://{'127.0.0.1' if host in ('', '0.0.0.0') else host}:{port}"


@asynccontextmanager
async def _ticking(url: str) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(Ticker(url, (), log_to_stderr).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _http_server(server: Server, max_request_size: int) -> web.Server:
    loop = asyncio.get_running_loop()

    def request(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        limit = max_request_size
        return web.BaseRequest(
            message, payload, protocol, writer, task, loop, client_max_size=limit
        )

    return web.Server(
        server.handle,
        request_factory=request,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        max_line_size=_HEADER_LIMIT,
        max_field_size=_HEADER_LIMIT,
        max_headers=1000,
    )


class _Log:
    """Lines of functions on stderr, each after ``app/function: ``."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose

    def __call__(self, label: str, line: str) -> None:
        if self._verbose or not _DEBUG_LINE.match(line):
            print(f"{label}: {line}", file=sys.stderr, flush=True)
