"""The model's actions, done to the real thing: the step-runner, signal, stop, on a real store.

A runner is a thread that makes real calls of `advance`; the functions it calls answer when, and
as, the action says. Each runner has a clock of its own, set to when what it comes for is due.
"""

import contextlib
import json
import queue
import threading
from typing import ClassVar

from asl.language.document import Document
from asl.language.events import Raised, Returned
from asl.settings import Settings
from asl.usecases.advance import Advance, advance
from asl.usecases.errors import TaskTimedOut
from asl.usecases.services import Services
from asl.usecases.signal import Signal, signal
from asl.usecases.stop import Stop, stop
from asl.usecases.timer import TIMED_OUT

from tests.protocol.model.protocol import LIVE, Action, Operation, State
from tests.protocol.scenarios import task
from tests.protocol.world import MINUTE, START, Crash, World

TOKEN = {"token.$": "$$.Task.Token"}
RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 1}]
WAIT = {"Type": "Wait", "Seconds": 60, "End": True}
X = task("fn:x.waitForTaskToken", Parameters=TOKEN, TimeoutSeconds=3600, End=True)
BRANCHES = [{"StartAt": "X", "States": {"X": X}}, {"StartAt": "W", "States": {"W": WAIT}}]
DEFINITION = {
    "StartAt": "T",
    "States": {
        "T": task("fn:t", Retry=RETRY, Next="P"),
        "P": {"Type": "Parallel", "Branches": BRANCHES, "End": True},
    },
}
WORDS = {
    "TaskScheduled": "schedule",
    "TaskSucceeded": "result",
    "TaskFailed": "fail",
    "TaskTimedOut": "fail",
    "ExecutionSucceeded": "end",
    "ExecutionFailed": "end",
    "ExecutionAborted": "end",
    "ExecutionTimedOut": "end",
}
PATIENCE = 30  # seconds until a runner that neither calls nor ends is given up


class Runner:
    """A thread with services of its own, which does one job at a time."""

    def __init__(self, store, url):
        self.services = Services(Settings(database_url=url, drain_seconds=0), "app")
        vars(self.services).update(store=store, dispatcher=self, functions=self)
        self.services.now = lambda: self.clock
        self.clock = START
        self._jobs, self._answers = queue.SimpleQueue(), queue.SimpleQueue()
        self._rests = threading.Event()  # it has ended its job, or waits for a call
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def invite(self, _function, _body):
        return True  # and nobody comes: whoever is to come is an action

    def call(self, _request, _attempt, _seconds):
        self._rests.set()
        answer = self._answers.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def comes_for(self, operation, moment):
        self.clock = moment
        self._job(lambda: advance(Advance(operation=operation), self.services, moment + MINUTE))

    def gets(self, answer):
        """The answer of the call it waits for."""
        self._rests.clear()
        self._answers.put(answer)
        self._until_it_rests()

    def closes(self):
        """Whatever it waits for, it is over."""
        self._answers.put(Crash())
        self._jobs.put(None)
        self._thread.join(PATIENCE)

    def _job(self, job):
        self._rests.clear()
        self._jobs.put(job)
        self._until_it_rests()

    def _until_it_rests(self):
        assert self._rests.wait(PATIENCE), "the runner neither calls nor ends"

    def _live(self):
        while (job := self._jobs.get()) is not None:
            with contextlib.suppress(Crash):
                job()
            self._rests.set()
        self.services.store.database.close()


class Stage:
    """One run of the model's workflow on a real database."""

    def __init__(self, world, runners):
        self._world = world
        self._runners = runners
        self.execution = world.start(DEFINITION, {})
        self._tokens = {}

    def do(self, action: Action):
        self._ACTIONS[action.what](self, action)
        self._note_token()

    def _deliver(self, action):
        row = self._rows()[action.name]
        moment = row.due_at or START
        if action.how == "deadline":
            moment = max(moment, row.deadline or 0)
        self._runners[action.runner].comes_for(row.id, moment)

    def early(self, action):
        """Come for an operation before it is due, if it is due in the future."""
        row = self._rows()[action.name]
        if row.due_at is not None and row.due_at > START:
            self._runners[action.runner].comes_for(row.id, row.due_at - 1)

    def _answer(self, action):
        answer = Returned(Document({})) if action.how == "ok" else Raised("Boom", "because")
        self._runners[action.runner].gets(answer)

    def _crash(self, action):
        self._runners[action.runner].gets(Crash())

    def release(self, runner):
        """The story is over: who still waits for a call goes away."""
        self._runners[runner].gets(Crash())

    def _signal(self, action):
        said = {"output": 1} if action.how == "ok" else {"error": "Refused"}
        if token := self._tokens.get("X"):
            with contextlib.suppress(TaskTimedOut):
                signal(Signal(token=token, **said), self._world.services)

    def _stop(self, action):
        if action.how == "Aborted":
            stop(Stop(execution=self.execution), self._world.services)
        else:
            services = self._world.services
            services.store.executions.end(self.execution, TIMED_OUT, services.now())

    _ACTIONS: ClassVar = {
        "deliver": _deliver,
        "answer": _answer,
        "crash": _crash,
        "signal": _signal,
        "stop": _stop,
    }

    def _note_token(self):
        row = self._rows().get("X")
        if row is not None and row.token is not None:
            self._tokens["X"] = row.token

    def _rows(self):
        executions = self._world.services.store.executions
        rows = executions.operations(self.execution, per_page=10)
        return {row.state: row for row in rows}

    def state(self) -> State:
        """What is in the database, as the model sees it."""
        rows = self._rows()
        parent = rows.get("P")
        return State(
            status=str(self._world.row(self.execution).status).replace("Pending", "Executing"),
            operations=tuple(sorted((name, operation_of(row)) for name, row in rows.items())),
            pending=parent.pending if parent is not None else 0,
            runners=(),
            log=tuple(self._log(rows)),
        )

    def _log(self, rows):
        names = {row.number: name for name, row in rows.items()}
        database = self._world.services.store.database
        select = database.sql(
            "SELECT operation, events FROM history WHERE execution_id = ? ORDER BY first"
        )
        attempts = dict.fromkeys(names.values(), 0)
        for number, text in database.execute(select, (self.execution,)).fetchall():
            for kind, *_ in json.loads(text):
                word, name = WORDS.get(kind), names.get(number, "")
                if word == "end":
                    yield ("end", "", 0)
                elif word is not None:
                    attempts[name] += word == "schedule"
                    yield (word, name, attempts[name])


def operation_of(row) -> Operation:
    live = row.status in LIVE
    return Operation(row.status, row.awaiting if live else "", row.fence, row.attempt)


@contextlib.contextmanager
def actors(url):
    """A world to start runs in, and the two runners that work on them."""
    world = World(url)
    runners = [Runner(world.services.store, url) for _ in range(2)]
    vars(world.services)["dispatcher"] = runners[0]
    try:
        yield world, runners
    finally:
        for runner in runners:
            runner.closes()
