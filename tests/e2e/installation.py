"""A whole installation for tests: a local gateway of its own, or the Fn server of FN_API_URL."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
READY_SECONDS = 20
END_SECONDS = 30


class Deployment:
    """The actions of an app `states` and an app `tasks` that are deployed at `url`.

    Functions are looked up at `api_url`, which is another one where a load balancer invokes them.
    """

    def __init__(self, url, api_url=None):
        self.url = url
        self.api_url = api_url or url
        self.http = httpx.Client(base_url=url, timeout=60)

    def logged(self):
        return ""

    def call(self, action, **fields):
        """An action through its HTTP trigger: status and JSON."""
        answer = self.http.post(f"/t/states/{action}", content=json.dumps(fields))
        return answer.status_code, answer.json()

    def do(self, action, **fields):
        """An action that has to succeed."""
        status, body = self.call(action, **fields)
        assert status == 200, body
        return body

    def start_run(self, definition, input_=None, **more):
        machine = self.do("create", definition=definition)
        return self.do("invoke", state_machine=machine["id"], input=input_ or {}, **more)

    def ended(self, execution, seconds=END_SECONDS):
        """The run once it has ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            run = self.do("executions", execution=execution)
            if run["status"] not in ("Pending", "Executing"):
                return run
            time.sleep(0.02)
        steps = self.do("steps", execution=execution, per_page=100)["items"]
        raise AssertionError(f"the run has not ended: {steps}\n{self.logged()[-3000:]}")

    def function_id(self, name, app="states"):
        app_id = self._first("apps", name=app)["id"]
        return self._first("fns", app_id=app_id, name=name)["id"]

    def _first(self, collection, **query):
        return self.http.get(f"{self.api_url}/v2/{collection}", params=query).json()["items"][0]


class Installation(Deployment):
    """Starts and stops a gateway on `data`; started again it finds what it had."""

    def __init__(self, data, database_url=None, config=(), apps=()):
        self.data = Path(data)
        self.database_url = database_url or f"sqlite:///{self.data}/states.db"
        self.config = config
        self.apps = apps
        self.process = None

    def start(self, port=0):
        settings = [f"DATABASE_URL={self.database_url}", "LEASE_SECONDS=2", *self.config]
        flags = [flag for setting in settings for flag in ("--config", setting)]
        flags += [flag for app in self.apps for flag in ("--app", app)]
        self.log = (self.data / "gateway.log").open("a+")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gateway", "--port", str(port), "--data", str(self.data)),
                *("--app", f"tasks={Path(__file__).parent / 'functions'}", *flags, str(ROOT)),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, "PYTHONPATH": ""},
        )
        line = self.process.stdout.readline()
        assert "listening on" in line, (line, self.logged())
        super().__init__(next(word for word in line.split() if word.startswith("http://")))
        return self

    def logged(self):
        return (self.data / "gateway.log").read_text()

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return
        self.http.close()
        self.process.send_signal(number)
        self.process.wait(timeout=15)
        self.process.stdout.close()
        self.log.close()
        self.process = None

    def processes(self):
        """The function processes of this gateway, as pids by their folder's name."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            with suppress(OSError):
                cwd = (entry / "cwd").readlink()
                environ = (entry / "environ").read_bytes()
                if f"FN_API_URL={self.url}".encode() in environ:
                    found.setdefault(cwd.name, []).append(int(entry.name))
        return found
