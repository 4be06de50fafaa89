"""A world with everything that answers from outside: token holders, workers, children, Map Runs.

What a task function is handed and what a worker takes come back as messages of their own, which
can be lost and doubled like any other.
"""

import json

from asl.language.document import Document
from asl.language.events import Raised, Returned
from asl.usecases.create import Create, create
from asl.usecases.errors import InvalidToken, TaskTimedOut
from asl.usecases.signal import Signal, signal
from asl.usecases.workers import take_task

from tests.protocol.world import ScriptedFunctions, World

ACTIVITY = "dig"


class Functions(ScriptedFunctions):
    """Answers by the number of the attempt, so that a redelivery is answered the same."""

    def __init__(self, scripts, tell):
        super().__init__(scripts)
        self._tell = tell

    def call(self, request, attempt, seconds):
        headers = attempt.headers()
        self.calls.append((request.function, headers["idempotency-key"]))
        given = request.payload.value
        if isinstance(given, dict) and "token" in given:
            self._tell(given["token"], "told")
        script = self.scripts_of(request).get(request.function, [{"return": given}])
        answer = script[min(attempt.number, len(script)) - 1]
        if "raise" in answer:
            return Raised(*answer["raise"])
        return Returned(Document(answer["return"]), f"call-{len(self.calls)}")

    def scripts_of(self, _request):
        return self.scripts


class OutsideWorld(World):
    """Runs one scenario of `trees.EVERYTHING`."""

    def __init__(self, url, scenario):
        self.scenario = scenario
        super().__init__(url)
        self.functions = Functions(scenario.get("scripts", {}), self.tell)
        vars(self.services)["functions"] = self.functions
        self.services.store.activities.create(ACTIVITY, {}, self.now)
        for name, definition in scenario.get("machines", {}).items():
            if self.services.store.machines.find(name) is None:
                create(Create(definition=definition, name=name), self.services)

    def begin(self, **more):
        return self.start(self.scenario["definition"], self.scenario.get("input", {}), **more)

    def tell(self, token, output):
        """Whoever has a token sends what it came to."""
        self.services.dispatcher.invite("signal", json.dumps({"token": token, "output": output}))

    def run(self, function, body):
        if function == "signal":
            self._bring(body)
        else:
            super().run(function, body)

    def _bring(self, body):
        """A token may come late, or a second time: it is refused then."""
        try:
            signal(Signal(**body), self.services)
        except (TaskTimedOut, InvalidToken):
            return

    def _sleep(self, seconds):
        """Whoever sleeps does so beside the others: what they have to do comes first."""
        for message in self.inbox.messages:
            if message[0] != "timer":
                self.inbox.messages.remove(message)
                self.run(*message)
                return
        if not self._work():
            super()._sleep(seconds)

    def deliver(self):
        return super().deliver() or self._work()

    def _work(self):
        """A worker of the activity comes by when nothing else happens."""
        if "activity" not in self.scenario:
            return False
        assignment = take_task(self.services, ACTIVITY, "anna")
        if assignment is None:
            return False
        self.tell(assignment.token, "dug")
        return True
