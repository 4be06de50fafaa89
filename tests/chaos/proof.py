"""One proof: runs under a storm, then the books are checked."""

import contextlib
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from asl.store.errors import DatabaseUnavailable
from asl.store.store import Store, open_store

from tests.chaos.storm import DATABASE, FAULTS, GATEWAY, Storm
from tests.chaos.workload import child, definition, input_of, output_of
from tests.e2e.installation import Installation
from tests.store.invariants import check_invariants

CLIENTS = 8
AGAIN_SECONDS = 0.2
OVER = (200, 400, 409)  # of a signal: told, or no good any more
TASK_RESULTS = ("TaskSucceeded", "TaskFailed", "TaskTimedOut")


class Client:
    """Asks until it is answered, as a client of a service that may be away has to."""

    def __init__(self, url):
        self._http = httpx.Client(base_url=f"{url}/t/states", timeout=30)
        self.asked_again = 0

    def do(self, action, accepted=(200,), **fields):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = self._http.post(f"/{action}", content=json.dumps(fields))
                if answer.status_code in accepted:
                    return answer.json()
            self.asked_again += 1
            time.sleep(AGAIN_SECONDS)

    def look(self):
        """At the list of runs, if there is an answer."""
        with contextlib.suppress(httpx.HTTPError):
            self._http.get("/executions", params={"per_page": 1})

    def close(self):
        self._http.close()


class Ledger:
    """What the task functions note of each call: its idempotency key, and its token if any."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.touch()

    def lines(self):
        return [line.split(" ") for line in self.path.read_text().splitlines()]

    def keys(self):
        return [line[0] for line in self.lines()]


class Teller(threading.Thread):
    """Brings back each token that a task function was given."""

    def __init__(self, ledger, client):
        super().__init__(daemon=True)
        self._ledger = ledger
        self._client = client
        self._over = threading.Event()

    def run(self):
        told = 0
        while not self._over.wait(0.05):
            lines = self._ledger.lines()
            for line in lines[told:]:
                if len(line) == 2:
                    self._client.do("signal", OVER, token=line[1], output="told")
            told = len(lines)

    def stop(self):
        self._over.set()
        self.join()


def prove(server, folder, runs, seed, patience, storm_seconds, quick=False):
    """Start `runs` runs under a storm, wait for their ends, check; the figures.

    storm_seconds: how long it goes on, if runs do, once all have been started. patience: seconds
    after it until a run that has not ended counts as lost.
    """
    began = time.monotonic()
    ends = runs if quick else 2 * runs  # with their children
    ledger = Ledger(Path(folder) / "ledger")
    installation = Installation(folder, server.url).start()
    client = Client(installation.url)
    teller = Teller(ledger, Client(installation.url))
    try:
        client.do("create", (200, 409), name="chaos-child", definition=child(ledger.path))
        client.do(
            "create", (200, 409), name="chaos", definition=definition(ledger.path, quick=quick)
        )
        teller.start()
        with Storm(server, installation, seed) as storm:
            executions = start_all(client, runs)
            storm.wait_for((DATABASE, GATEWAY), patience)
            wait_for_ends(server.url, client, ends, seconds=storm_seconds)
        wait_for_ends(server.url, client, ends, seconds=patience)
        teller.stop()
        figures = check(server.url, executions, ledger, quick=quick)
    finally:
        client.close()
        installation.stop()
    return {
        **{kind: storm.faults[kind] for kind in FAULTS},
        **figures,
        "requests made again": client.asked_again,
        "seconds": round(time.monotonic() - began),
    }


def start_all(client, runs):
    """The id of each run; its name makes asking again harmless."""

    def start(number):
        named = {"state_machine": "chaos", "name": f"run-{number}", "input": input_of(number)}
        return client.do("invoke", **named)["execution"]

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(start, range(runs)))


def wait_for_ends(url, client, ends, seconds):
    """Until so many runs have ended, or the time is over.

    Somebody looks at the list of runs meanwhile, as people do; every action looks around a little.
    """
    store = open_when_up(url)
    select = "SELECT COUNT(*) FROM execution WHERE ended_at IS NOT NULL"
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(DatabaseUnavailable):
            if store.database.execute(select).fetchone()[0] >= ends:
                break
        client.look()
        time.sleep(AGAIN_SECONDS)
    store.database.close()


def open_when_up(url) -> Store:
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            return open_store(url)
        time.sleep(AGAIN_SECONDS)


def check(url, executions, ledger, *, quick):
    """The books: every run ended as written, every call's result was recorded once."""
    store = open_store(url)
    assert len(set(executions)) == len(executions), "a run was accepted twice"
    (accepted,) = store.database.execute(
        "SELECT COUNT(*) FROM execution WHERE parent_execution IS NULL"
    ).fetchone()
    assert accepted == len(executions), "a name was given twice"
    lost = []
    for number, id_ in enumerate(executions):
        row = store.executions.find(id_)
        wanted = output_of(number, quick=quick)
        if row is None or row.status != "Succeeded" or json.loads(row.output) != wanted:
            lost.append((number, id_, row))
    assert lost == [], f"{len(lost)} runs did not end as written: {lost[:3]}"
    check_invariants(store)
    figures = results(store, ledger)
    store.database.close()
    return {"runs": len(executions), "lost": len(lost), **figures}


def results(store, ledger):
    """How many results each attempt of a function call has, beside how often it was called."""
    recorded, scheduled = Counter(), Counter()
    rows = store.database.execute(
        "SELECT execution_id, operation, events FROM history ORDER BY 1, first"
    )
    for execution, operation, text in rows.fetchall():
        for kind, _, _, details in json.loads(text):
            if not details or details.get("resourceType") != "fn":
                continue
            id_ = f"{execution}.{operation}"
            scheduled[id_] += kind == "TaskScheduled"
            if kind in TASK_RESULTS:
                recorded[f"{id_}.{scheduled[id_]}"] += 1
    calls = Counter(ledger.keys())
    unscheduled = [
        key for key in calls if int(key.rpartition(".")[2]) > scheduled[key.rpartition(".")[0]]
    ]
    doubled = sum(times - 1 for times in recorded.values())
    assert unscheduled == [], "a function was called though nothing said so"
    assert doubled == 0, f"{doubled} results were recorded twice"
    return {
        "attempts with a result": len(recorded),
        "doubled": doubled,
        "calls": calls.total(),
        "calls made again": sum(times - 1 for times in calls.values()),
    }
