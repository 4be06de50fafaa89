"""``python -m gateway ROOT``: the command line."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from gateway import __doc__ as description
from gateway.errors import GatewayError
from gateway.service import Settings, run


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        asyncio.run(_serve(_settings()))
    except GatewayError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    """The first signal lets calls finish, the second does not wait for them."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = loop.create_task(run(settings, stop))

    def on_signal() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    try:
        await task
    except asyncio.CancelledError:
        return


def _settings() -> Settings:
    arguments = _parser().parse_args()
    return Settings(
        root=arguments.root,
        apps=tuple(arguments.app),
        config=dict(arguments.config),
        data=arguments.data,
        host=arguments.host,
        port=arguments.port,
        max_processes=arguments.max_processes,
        max_processes_per_function=arguments.max_processes_per_function,
        busy_waits=arguments.busy == "wait",
        freeze=arguments.freeze,
        max_request_size=arguments.max_request_size,
        ticker=not arguments.no_ticker,
        verbose=arguments.verbose,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway",
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("root", type=_folder, metavar="ROOT", help="holds app.yaml, func.yaml and functions/*")
    add(
        "--app",
        action="append",
        default=[],
        type=_app,
        metavar="NAME=FOLDER",
        help="deploy every func.yaml below FOLDER into the app NAME too (repeatable)",
    )
    add(
        "--config",
        action="append",
        default=[],
        type=_pair,
        metavar="KEY=VALUE",
        help="configuration of the app of ROOT, over its app.yaml (repeatable)",
    )
    add("--data", type=Path, default=Path(".data"), metavar="DIR", help="what is deployed")
    add("--host", default="127.0.0.1")
    add("--port", type=_port, default=8080, help="0: one that is free")
    add("--max-processes", type=_positive, default=16, metavar="N", help="function processes")
    add("--max-processes-per-function", type=int, default=0, metavar="N", help="0: no own limit")
    add("--busy", choices=("wait", "503"), default="wait", help="for a call without a process")
    add("--freeze", action="store_true", help="stop idle processes after 50 ms, as Fn does")
    add("--max-request-size", type=int, default=0, metavar="BYTES", help="0: no limit")
    add("--no-ticker", action="store_true", help="do not invoke what has a states/schedule")
    add("--verbose", action="store_true", help="show the functions' debug lines too")
    return parser


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return Path(text)


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not key or not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def _app(text: str) -> tuple[str, Path]:
    name, sign, folder = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER")
    return name, Path(folder)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 0 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
