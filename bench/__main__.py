"""Measures an installation of its own in one run and prints a table.

    python -m bench [--seconds N] [--database-url URL]

Every figure is a median of its samples; ratios compare figures of the same run, on the same
machine, minutes apart at most. Nothing here asserts anything.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from tests.e2e.installation import Installation

PASSES = 10
CHAIN = {
    "StartAt": "S0",
    "States": {
        f"S{n}": {"Type": "Pass", **({"Next": f"S{n + 1}"} if n < PASSES - 1 else {"End": True})}
        for n in range(PASSES)
    },
}


class Caller:
    """One kept-alive client."""

    def __init__(self, installation: Installation) -> None:
        host, port = installation.url.removeprefix("http://").split(":")
        self._connection = HTTPConnection(host, int(port))

    def post(self, path: str, body: object) -> dict:
        self._connection.request("POST", path, json.dumps(body))
        answer = self._connection.getresponse()
        return json.loads(answer.read() or b"{}")


def rate(installation: Installation, clients: int, seconds: float, call: Callable) -> tuple:
    """Calls a second of `clients` at once, and the median of a call in ms."""
    samples: list[float] = []
    until = time.perf_counter() + seconds

    def client() -> None:
        caller = Caller(installation)
        while (began := time.perf_counter()) < until:
            call(caller)
            samples.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(samples) / seconds, statistics.median(samples) * 1000


def runs(installation: Installation, machine: str, at_a_time: int, seconds: float) -> tuple:
    """Transitions a second with `at_a_time` runs of ten Pass states under way; ms of one run."""

    def call(caller: Caller) -> None:
        run = caller.post("/t/states/invoke", {"state_machine": machine})
        while run["status"] in ("Pending", "Executing"):
            time.sleep(0.01 * at_a_time)
            run = caller.post("/t/states/executions", {"execution": run["execution"]})
        if run["status"] != "Succeeded":
            raise RuntimeError(run)

    per_second, median = rate(installation, at_a_time, seconds, call)
    return per_second * PASSES, median


def backlog(installation: Installation, machine: str, count: int) -> float:
    """Transitions a second while `count` runs that were started at once are worked off."""
    caller = Caller(installation)
    began = time.perf_counter()
    for _ in range(count):
        caller.post("/t/states/invoke", {"state_machine": machine})
    while (
        caller.post(
            "/t/states/executions", {"state_machine": machine, "status": "Executing", "per_page": 1}
        )["items"]
        or caller.post(
            "/t/states/executions", {"state_machine": machine, "status": "Pending", "per_page": 1}
        )["items"]
    ):
        time.sleep(0.05)
    return count * PASSES / (time.perf_counter() - began)


def memory(installation: Installation, function: str) -> float:
    """Proportional set size of a hot function process, in MB."""
    pids = installation.processes().get(function, [])
    sizes = []
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        sizes += [int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")]
    return statistics.median(sizes) if sizes else float("nan")


def row(what: str, figure: str, note: str = "") -> None:
    print(f"{what:<48}{figure:>16}  {note}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--database-url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        installation = Installation(data, options.database_url).start()
        try:
            measure(installation, options.seconds)
        finally:
            installation.stop()


def measure(installation: Installation, seconds: float) -> None:
    machine = installation.do("create", definition=CHAIN)["id"]
    noop = f"/invoke/{installation.function_id('noop', 'tasks')}"
    installation.do("invoke", state_machine=machine, wait=30)
    print(f"{'':<48}{'median':>16}")
    floors = {}
    for clients in (1, 4, 16):
        floors[clients], latency = rate(
            installation, clients, seconds, lambda caller: caller.post(noop, {})
        )
        row(f"no-op function, {clients} at a time", f"{floors[clients]:.0f}/s", f"{latency:.2f} ms")
    for clients in (1, 4):
        starts, latency = rate(
            installation,
            clients,
            seconds,
            lambda caller: caller.post("/t/states/invoke", {"state_machine": machine}),
        )
        ratio = f"{starts / floors[clients]:.2f} x no-op"
        row(f"invoke, {clients} at a time", f"{starts:.0f} starts/s", f"{latency:.2f} ms, {ratio}")
        drained(installation, machine)
    for at_a_time in (1, 4, 16):
        transitions, latency = runs(installation, machine, at_a_time, seconds)
        ratio = f"{transitions / floors[at_a_time]:.2f} x no-op"
        row(
            f"{PASSES} Pass states, {at_a_time} runs at a time",
            f"{transitions:.0f} trans/s",
            f"{latency:.1f} ms a run, {ratio}",
        )
    express = installation.do("create", definition=CHAIN, type="EXPRESS")["id"]
    for what, waited_for in (("Pass states, the caller waits", machine), ("Express", express)):
        for clients in (1, 4):
            body = {"state_machine": waited_for, "wait": 30}
            waited, latency = rate(
                installation,
                clients,
                seconds,
                lambda caller, body=body: caller.post("/t/states/invoke", body),
            )
            ratio = f"{floors[clients] / waited:.2f} no-op calls"
            row(
                f"{PASSES} {what}, {clients} at a time",
                f"{waited * PASSES:.0f} trans/s",
                f"{latency:.1f} ms a run, {ratio}",
            )
    row("200 runs at once, worked off", f"{backlog(installation, machine, 200):.0f} trans/s")
    for function in ("step-runner", "invoke", "noop"):
        row(f"memory of a hot {function}", f"{memory(installation, function):.1f} MB", "PSS")


def drained(installation: Installation, machine: str) -> None:
    """Wait until the runs of the measurement before are done."""
    while installation.do("executions", state_machine=machine, status="Executing")["items"]:
        time.sleep(0.1)
    while installation.do("executions", state_machine=machine, status="Pending")["items"]:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
