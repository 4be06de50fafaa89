"""``python -m gateway.demo``: run a workflow through the HTTP triggers and show its steps.

With ``--serve`` it starts a gateway first (everything after ``--`` is the gateway's command line)
and stays until that ends; a signal is passed on to it. The exit code is 0 when every run ended as
was expected.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Event
from types import FrameType
from typing import IO, Any

import httpx

MACHINE = "order-fulfilment"
READY_SECONDS = 30
RUN_SECONDS = 60
POLL_SECONDS = 0.1
WIDTH = 100
LIVE = ("Pending", "Executing")
COLOURS = {"Succeeded": 32, "Failed": 31, "Aborted": 33, "TimedOut": 31}

Step = Mapping[str, Any]
Case = tuple[Path, str]  # the file with a run's input, and the status it is to end with


class DemoError(Exception):
    """The demonstration did not work; says why."""


class Client:
    """The actions of the app ``states``, asked for through its HTTP triggers."""

    def __init__(self, api: str) -> None:
        self._api = api.rstrip("/")
        self._http = httpx.Client(timeout=60, trust_env=False)

    def await_server(self) -> None:
        """Returns once the server answers; DemoError when it does not within 30 s."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                if self._http.get(f"{self._api}/version").is_success:
                    return
            except httpx.TransportError:
                time.sleep(POLL_SECONDS)
        raise DemoError(f"no Fn server answers at {self._api}")

    def post(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of an action; DemoError for a refusal."""
        return self._answer(action, self._http.post(self._url(action), json=body))

    def get(self, action: str, **query: str | int) -> dict[str, Any]:
        return self._answer(action, self._http.get(self._url(action), params=query))

    def store(self, name: str, definition: str) -> dict[str, Any]:
        """Creates the state machine, or gives it a new version when there is one already."""
        body = {"name": name, "definition": definition}
        answer = self._http.post(self._url("create"), json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            return self.post("update", {"state_machine": name, "definition": definition})
        return self._answer("create", answer)

    def run(self, name: str, input_: Any) -> dict[str, Any]:
        """Starts a run and waits for its end, at most a minute: it may still be Executing."""
        run = self.post("invoke", {"state_machine": name, "input": input_})
        until = time.monotonic() + RUN_SECONDS
        while run["status"] in LIVE and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
            run = self.get("executions", execution=run["execution"])
        return run

    def steps(self, execution: str) -> list[Step]:
        steps: list[Step] = []
        query: dict[str, str | int] = {"execution": execution, "per_page": 100}
        while True:
            page = self.get("steps", **query)
            steps += page["items"]
            if "next_cursor" not in page:
                return steps
            query["cursor"] = page["next_cursor"]

    def _url(self, action: str) -> str:
        return f"{self._api}/t/states/{action}"

    def _answer(self, action: str, answer: httpx.Response) -> dict[str, Any]:
        if not answer.is_success:
            raise DemoError(f"{action} answered {answer.status_code}: {answer.text.strip()}")
        return dict(answer.json())


def table(steps: Sequence[Step], *, colour: bool) -> str:
    """The steps as lines of at most 100 columns, those of branches below their parents."""
    start = min((_seconds(step["created_at"]) for step in steps), default=0.0)
    head = _row("step", "type", "try", "status", "at", "took", "result or error")
    return "\n".join([head, *(_line(step, depth, start, colour) for step, depth in _tree(steps))])


def _tree(steps: Sequence[Step]) -> Iterator[tuple[Step, int]]:
    """Each step with its depth: a parent, then its branches by index, each in order."""
    children: dict[str | None, list[Step]] = {}
    for step in steps:
        children.setdefault(step.get("parent"), []).append(step)

    def below(parent: str | None, depth: int) -> Iterator[tuple[Step, int]]:
        for step in sorted(children.get(parent, ()), key=lambda step: step.get("index", 0)):
            yield step, depth
            yield from below(step["id"], depth + 1)

    return below(None, 0)


def _line(step: Step, depth: int, start: float, colour: bool) -> str:
    name = f"{'  ' * depth}{step['state']}"
    if "index" in step:
        name += f" [{step['index']}]"
    entered, ended = step.get("started_at"), step.get("ended_at")
    status = step["status"]
    line = _row(
        name,
        step["type"],
        str(step["attempt"]) if step["type"] == "Task" else "",
        status,
        f"{_seconds(entered) - start:.2f} s" if entered else "",
        f"{_seconds(ended) - _seconds(entered):.2f} s" if entered and ended else "",
        _outcome(step),
    )
    if colour and status in COLOURS:
        line = line.replace(status, f"\x1b[{COLOURS[status]}m{status}\x1b[0m", 1)
    return line


def _row(*cells: str) -> str:
    name, type_, attempt, status, at, took, result = cells
    line = f"{_short(name, 24):24} {type_:8} {attempt:>3} {status:9} {at:>7} {took:>7}  {result}"
    return _short(line.rstrip(), WIDTH)


def _outcome(step: Step) -> str:
    """What the step added to its input, or the error it ended with."""
    if step["status"] != "Succeeded":
        error = f"{step['error']}: {step.get('cause', '')}" if "error" in step else ""
        return " ".join(error.split())
    given, made = step["input"], step.get("output")
    if isinstance(given, dict) and isinstance(made, dict):
        made = {key: value for key, value in made.items() if given.get(key, ...) != value}
    return "" if made in (None, {}) else _plain(made)


def _plain(value: Any) -> str:
    """JSON for the eye: without quotes, and without the outermost braces."""
    text = json.dumps(value, ensure_ascii=False).replace('"', "")
    return text[1:-1] if isinstance(value, dict) else text


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _seconds(time_: str) -> float:
    return datetime.fromisoformat(time_).timestamp()


def demonstrate(client: Client, definition: Path, cases: Sequence[Case], out: IO[str]) -> bool:
    """Stores the machine, makes the runs and prints them; whether all ended as expected."""
    machine = client.store(MACHINE, definition.read_text(encoding="utf-8"))
    print(f"\n{MACHINE}, version {machine['version']}, from {definition}", file=out)
    worked = [_show(client, case, out) for case in cases]
    return all(worked)


def _show(client: Client, case: Case, out: IO[str]) -> bool:
    path, expected = case
    run = client.run(MACHINE, json.loads(path.read_text(encoding="utf-8")))
    print(f"\n{path}: run {run['execution']} {run['status']}", file=out)
    print(table(client.steps(run["execution"]), colour=out.isatty()), file=out)
    outcome = {key: run[key] for key in ("output", "error", "cause") if key in run}
    print(_short(f"→ {_plain(outcome)}", WIDTH), file=out, flush=True)
    if run["status"] == expected:
        return True
    print(f"demo: expected {expected}", file=sys.stderr, flush=True)
    return False


def addresses(api: str) -> str:
    """What to try next."""
    return f"""
Every action is a function and an HTTP trigger, {api}/t/states/<action>:
  curl {api}/t/states/list
  curl '{api}/t/states/executions?state_machine={MACHINE}'
The Fn CLI, if you have it:
  export FN_API_URL={api}
  fn list functions states
  echo '{{"state_machine": "{MACHINE}"}}' | fn invoke states executions
"""


def serve(arguments: argparse.Namespace) -> int:
    """A gateway, the demonstration once it listens, and the gateway again until it ends."""
    command = [sys.executable, "-m", "gateway", *arguments.gateway]
    stopping = Event()
    # Its own session: Ctrl-C in a terminal would reach it twice, and the second means hurry.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as gateway:

        def stop(number: int, _frame: FrameType | None) -> None:
            stopping.set()
            gateway.send_signal(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        line = gateway.stdout.readline() if gateway.stdout else ""
        print(line, end="", flush=True)
        api = next((word for word in line.split() if word.startswith("http")), "")
        worked = not api or run(api, arguments, stopping)
    return gateway.returncode or int(not worked and not stopping.is_set())


def run(api: str, arguments: argparse.Namespace, stopping: Event) -> bool:
    """The demonstration itself; a failure is told in one line, unless all is being stopped."""
    cases = [(path, "Succeeded") for path in arguments.succeeds]
    cases += [(path, "Failed") for path in arguments.fails]
    client = Client(api)
    try:
        client.await_server()
        worked = demonstrate(client, arguments.definition, cases, sys.stdout)
    except (DemoError, httpx.HTTPError, OSError) as error:
        if not stopping.is_set():
            print(f"demo: {error}", file=sys.stderr, flush=True)
        return False
    print(addresses(api), end="", flush=True)
    return worked


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway.demo", description=__doc__)
    add = parser.add_argument
    add("--api", default="http://127.0.0.1:8080", metavar="URL", help="of the Fn server")
    add("--definition", type=Path, required=True, metavar="FILE")
    add("--succeeds", type=Path, action="append", default=[], metavar="FILE", help="an input")
    add("--fails", type=Path, action="append", default=[], metavar="FILE", help="an input")
    add("--serve", action="store_true", help="start a gateway and stay with it")
    add("gateway", nargs="*", metavar="-- ARGUMENT", help="of the gateway, with --serve")
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(arguments)
    return int(not run(arguments.api, arguments, Event()))


if __name__ == "__main__":
    sys.exit(main())
