"""One installation in one process: the real store and use cases, a scripted outside, virtual time.

A crash is an exception that no code of ours catches, raised at a chosen database statement; what
was in memory is thrown away and new services go on with the same database.
"""

import json
from random import Random
from typing import ClassVar

from asl.language.document import Document
from asl.language.events import Raised, Returned
from asl.settings import Settings
from asl.store.store import open_store
from asl.usecases.advance import Advance, advance
from asl.usecases.create import Create, create
from asl.usecases.heal import heal
from asl.usecases.invoke import Invoke, invoke
from asl.usecases.services import Services
from asl.usecases.timer import Tick, tick

START = 1_700_000_000_000
MINUTE = 60_000


class Crash(BaseException):
    """The process is gone; nothing may catch it."""


class Statements:
    """Counts the database statements of runners and crashes at one of them, before or after it."""

    def __init__(self):
        self.count = 0
        self.crash_at = None
        self.after = False
        self.counting = False

    def arm(self, number, *, after):
        self.count, self.crash_at, self.after = 0, number, after

    def disarm(self):
        self.crash_at = None

    def around(self, act, *arguments):
        self.count += self.counting
        hit = self.counting and self.count == self.crash_at
        if hit and not self.after:
            raise Crash
        result = act(*arguments)
        if hit:
            raise Crash
        return result


class Inbox:
    """Where invitations land. Losing, doubling and reordering them must be harmless."""

    def __init__(self):
        self.messages = []

    def invite(self, function, body):
        self.messages.append((function, json.loads(body)))
        return True


class ScriptedFunctions:
    """Task functions: by name a list of answers, the last one for ever; every call is noted."""

    def __init__(self, scripts):
        self.scripts = scripts
        self.calls = []

    def call(self, request, attempt, seconds):
        headers = attempt.headers()
        nth = sum(1 for name, _ in self.calls if name == request.function)
        self.calls.append((request.function, headers["idempotency-key"]))
        script = self.scripts.get(request.function, [{"return": request.payload.value}])
        answer = script[min(nth, len(script) - 1)]
        if "raise" in answer:
            return Raised(*answer["raise"])
        return Returned(Document(answer["return"]), f"call-{len(self.calls)}")


class World:
    opened: ClassVar = []  # those of the test that runs, to be closed when it ends

    def __init__(self, url, scripts=None):
        self.opened.append(self)
        self.url = url
        self.now = START
        self.statements = Statements()
        self.inbox = Inbox()
        self.functions = ScriptedFunctions(scripts or {})
        self.services = None
        self.boot()

    def close(self):
        if self.services is not None:
            self.services.store.database.close()

    def boot(self):
        """New services on the same database, as a new process would make them."""
        self.close()
        services = Services(Settings(database_url=self.url, drain_seconds=0), "app")
        services.now = lambda: self.now
        services.sleep = self._sleep
        services.random = Random(self.now)
        store = self._open_store()
        vars(services).update(store=store, dispatcher=self.inbox, functions=self.functions)
        self.services = services

    def _open_store(self):
        store = open_store(self.url)
        self._watch(store.database)
        return store

    def _watch(self, database):
        execute = database.execute
        database.execute = lambda *arguments: self.statements.around(execute, *arguments)

    def _sleep(self, seconds):
        """Nothing happens before the next thing comes due, so time jumps there."""
        pending = self.services.store.due.next() or 0
        self.now = max(pending, self.now + max(1, round(seconds * 1000), 500))

    def start(self, definition, input_, type_="STANDARD", **more):
        machine = create(Create(definition=definition, type=type_), self.services)
        command = Invoke(state_machine=machine["id"], input=input_, **more)
        return invoke(command, self.services, self.now + MINUTE)["execution"]

    def deliver(self):
        """Hand the oldest message to its function; False when there is none."""
        if not self.inbox.messages:
            return False
        function, body = self.inbox.messages.pop(0)
        self.run(function, body)
        return True

    def run(self, function, body):
        deadline = self.now + MINUTE
        if function == "timer":
            tick(Tick(), self.services, deadline)
        else:
            self.statements.counting = True
            try:
                advance(Advance(**body), self.services, deadline)
            finally:
                self.statements.counting = False
        heal(self.services)

    def settle(self, most=5000):
        """Deliver all there is, and let time pass, until nothing is pending any more."""
        for _ in range(most):
            if self.deliver():
                continue
            pending = self.services.store.due.next()
            if pending is None:
                return
            self.now = max(self.now + 250, pending)  # a lease that is left behind holds for seconds
            self.inbox.messages.append(("timer", {}))
        raise AssertionError("it does not settle")

    def crash_and_recover(self):
        """What was in flight is gone: the messages too. A ticker comes by from time to time."""
        self.statements.disarm()
        self.inbox.messages.clear()
        self.boot()
        self.now += MINUTE

    def row(self, execution):
        return self.services.store.executions.find(execution)
