"""The ticker: invokes the functions whose annotation ``states/schedule`` says that they are due.

Fn has no timer trigger. The ticker is part of the gateway, and runs beside any Fn server as
``python -m gateway.ticker --api URL``. It keeps nothing; a second one only invokes more often.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from gateway.annotations import FN_ENDPOINT
from gateway.schedule import ANNOTATION, Agenda

REFRESH_EVERY = 5.0
_RETRY_AFTER = timedelta(seconds=10)
_LONGEST_SLEEP = 1.0
# Longer than any function may take (300 s); giving up earlier would kill it on a Fn server.
_INVOKE_TIMEOUT = aiohttp.ClientTimeout(total=600, sock_connect=5)
_API_TIMEOUT = aiohttp.ClientTimeout(total=10)
_NOT_DETACHED = 501  # a load balancer with its runners has no detached calls
_DETACHED = {"Fn-Invoke-Type": "detached"}
_FAILURES = (aiohttp.ClientError, TimeoutError, KeyError, TypeError, json.JSONDecodeError)


class Ticker:
    """Asks the /v2 API which functions have a schedule, and invokes each when it is due.

    ``apps`` limits it to the apps of these names; none means all. ``log`` gets one line for each
    failure, and one when the API fails in another way than before; the ticker itself goes on.
    """

    def __init__(self, api: str, apps: Sequence[str], log: Callable[[str], None]) -> None:
        self._api = api.rstrip("/")
        self._apps = apps
        self._log = log
        self._agenda = Agenda()
        self._endpoints: dict[str, str] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._api_failure = ""

    async def run(self) -> None:
        """Runs until cancelled."""
        loop = asyncio.get_running_loop()
        refresh_at = loop.time()
        async with aiohttp.ClientSession() as session:
            while True:
                if loop.time() >= refresh_at:
                    refresh_at = loop.time() + REFRESH_EVERY
                    await self._refresh(session)
                for key in self._agenda.due(datetime.now(UTC)):
                    self._start(session, key)
                await asyncio.sleep(self._pause())

    async def _refresh(self, session: aiohttp.ClientSession) -> None:
        try:
            functions = await self._scheduled_functions(session)
        except _FAILURES as error:
            if self._api_failure != str(error):
                self._api_failure = str(error)
                self._log(f"cannot read the functions of {self._api}: {error or repr(error)}")
            return
        self._api_failure = ""
        self._endpoints = {key: fn["annotations"][FN_ENDPOINT] for key, fn in functions.items()}
        schedules = {key: fn["annotations"][ANNOTATION] for key, fn in functions.items()}
        for problem in self._agenda.update(schedules, datetime.now(UTC)):
            self._log(problem)

    async def _scheduled_functions(self, session: aiohttp.ClientSession) -> dict[str, Any]:
        """By ``app/function``."""
        found = {}
        for app in await self._items(session, "apps", {}):
            if self._apps and app["name"] not in self._apps:
                continue
            for fn in await self._items(session, "fns", {"app_id": app["id"]}):
                if ANNOTATION in (fn.get("annotations") or {}):
                    found[f"{app['name']}/{fn['name']}"] = fn
        return found

    async def _items(
        self, session: aiohttp.ClientSession, collection: str, query: dict[str, str]
    ) -> list[Any]:
        items: list[Any] = []
        cursor = ""
        while True:
            params = query | {"per_page": "100"} | ({"cursor": cursor} if cursor else {})
            url = f"{self._api}/v2/{collection}"
            async with session.get(url, params=params, timeout=_API_TIMEOUT) as response:
                response.raise_for_status()
                page = await response.json()
            items += page["items"] or []
            cursor = page.get("next_cursor", "")
            if not cursor:
                return items

    def _start(self, session: aiohttp.ClientSession, key: str) -> None:
        call = asyncio.get_running_loop().create_task(self._invoke(session, key))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _invoke(self, session: aiohttp.ClientSession, key: str) -> None:
        """Detached where the server can; elsewhere it lasts as long as the function."""
        failure = ""
        try:
            status, body = await self._post(session, key, _DETACHED)
            if status == _NOT_DETACHED:
                status, body = await self._post(session, key, {})
            if status >= 400:
                failure = f"{status} {body.strip()[:200]}"
        except _FAILURES as error:
            failure = repr(error)
        if failure:
            self._log(f"{key}: {failure}")
            self._agenda.failed(key, datetime.now(UTC) + _RETRY_AFTER)
        else:
            self._agenda.finished(key)

    async def _post(
        self, session: aiohttp.ClientSession, key: str, headers: dict[str, str]
    ) -> tuple[int, str]:
        async with session.post(
            self._endpoints[key],
            data=b"{}",
            headers={"Content-Type": "application/json", **headers},
            timeout=_INVOKE_TIMEOUT,
        ) as response:
            return response.status, await response.text(errors="replace")

    def _pause(self) -> float:
        due = self._agenda.next_due()
        wait = (due - datetime.now(UTC)).total_seconds() if due else _LONGEST_SLEEP
        return min(max(wait, 0.01), _LONGEST_SLEEP)


def log_to_stderr(line: str) -> None:
    print(f"ticker: {line}", file=sys.stderr, flush=True)


async def _run_until_stopped(ticker: Ticker) -> None:
    task = asyncio.get_running_loop().create_task(ticker.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gateway.ticker", description=__doc__)
    parser.add_argument("--api", required=True, metavar="URL", help="address of the Fn server")
    parser.add_argument(
        "--app", action="append", default=[], metavar="NAME", help="only this app (repeatable)"
    )
    arguments = parser.parse_args()
    asyncio.run(_run_until_stopped(Ticker(arguments.api, arguments.app, log_to_stderr)))


if __name__ == "__main__":
    main()
