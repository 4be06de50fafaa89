"""Real gateways on free ports, with the probe functions beside this file."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
FUNCTIONS = HERE / "functions"
READY = re.compile(
    r"fn states gateway listening on (http://\S+) \(development stand-in for a Fn server\)\n"
)


class RunningGateway:
    """One gateway process; ``root`` holds the app ``states``, the probes are the app ``probes``."""

    def __init__(self, root, data, *flags, port=0):
        self.errors = root.parent / "gateway.err"
        command = [sys.executable, "-m", "gateway", str(root), "--data", str(data)]
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(
                [*command, "--port", str(port), *flags],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                cwd=HERE.parents[1],
            )
        self.first_line = self.process.stdout.readline()
        ready = READY.fullmatch(self.first_line)
        self.url = ready[1] if ready else ""
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def ids(self, app="probes"):
        [app] = self.http.get("/v2/apps", params={"name": app}).json()["items"]
        items = self.http.get("/v2/fns", params={"app_id": app["id"]}).json()["items"]
        return {fn["name"]: fn["id"] for fn in items}

    def invoke(self, name, body=b"", app="probes", **headers):
        content = json.dumps(body) if isinstance(body, dict) else body
        headers = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.http.post(f"/invoke/{self.ids(app)[name]}", content=content, headers=headers)

    def at_once(self, *calls):
        """Runs calls (functions without arguments) at the same time; their results in order."""
        with ThreadPoolExecutor(len(calls)) as threads:
            return [future.result() for future in [threads.submit(call) for call in calls]]

    def stop(self, number=signal.SIGTERM):
        """Sends the signal and returns the exit code and how long (s) it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(15)
        self.process.stdout.close()
        self.http.close()
        return code, time.monotonic() - started


def make_root(folder, **functions):
    """A root with the app ``states`` and functions that answer with the given text."""
    (folder / "app.yaml").parent.mkdir(parents=True, exist_ok=True)
    (folder / "app.yaml").write_text("name: states\n")
    for name, text in functions.items():
        make_function(folder / "functions" / name, name, text)
    return folder


def make_function(folder, name, text, spec=""):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "func.yaml").write_text(f"schema_version: 20180708\nname: {name}\n{spec}")
    (folder / "func.py").write_text(f"def handler(ctx, data=None):\n    return {text!r}\n")
    return folder


def is_alive(pid):
    """Whether a process exists and is no zombie."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return state.stdout.strip()[:1] not in ("", "Z")


def eventually(condition, seconds=5.0):
    """Waits for a condition that another process brings about."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


@pytest.fixture(scope="session")
def tools():
    """What the test modules share besides fixtures."""
    return Tools


class Tools:
    make_root = staticmethod(make_root)
    make_function = staticmethod(make_function)
    is_alive = staticmethod(is_alive)
    eventually = staticmethod(eventually)
    functions = FUNCTIONS


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    """One gateway for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("gateway")
    running = RunningGateway(
        make_root(folder / "root", hello="hello"),
        folder / "data",
        *("--app", f"probes={FUNCTIONS}", "--no-ticker", "--max-processes", "12"),
    )
    yield running
    assert running.stop()[0] == 0


@pytest.fixture
def start(tmp_path):
    """Starts gateways of one test on one root and data folder; stops what still runs."""
    started = []

    def begin(*flags, probes=True, ticker=False, **options):
        root = make_root(tmp_path / "root")
        flags += ("--app", f"probes={FUNCTIONS}") if probes else ()
        flags += () if ticker else ("--no-ticker",)
        started.append(RunningGateway(root, tmp_path / "data", *flags, **options))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(autouse=True, scope="session")
def no_bytecode_beside_the_probes():
    """The functions run from the source tree."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
