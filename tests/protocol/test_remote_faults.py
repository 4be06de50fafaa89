"""What lies beyond the database fails: invitations are refused, calls fail or lose their answer."""

import json

import pytest
from asl.language.events import Raised
from asl.usecases.errors import TaskTimedOut
from asl.usecases.heal import heal
from asl.usecases.signal import Signal, signal

from tests.protocol.outside import Functions, OutsideWorld
from tests.protocol.points import TALLY, sampled
from tests.protocol.scenarios import one, task
from tests.protocol.test_crash_points import verdict
from tests.protocol.trees import EVERYTHING
from tests.store.invariants import check_invariants


class Refusing:
    """A dispatcher that refuses every n-th invitation."""

    def __init__(self, inbox, every):
        self._inbox = inbox
        self._every = every
        self.refused = 0
        self._asked = 0

    def invite(self, function, body):
        self._asked += 1
        if function != "signal" and self._asked % self._every == 0:
            self.refused += 1
            return False
        return self._inbox.invite(function, body)


class Broken(Refusing):
    """One that fails where it should refuse."""

    def invite(self, function, body):
        if not super().invite(function, body):
            raise OSError("injected: the dispatcher is broken")
        return True


class HostWorld(OutsideWorld):
    """An unexpected fault ends the call, not the process."""

    def run(self, function, body):
        try:
            super().run(function, body)
        except OSError:
            self.statements.counting = False


@pytest.mark.parametrize(
    ("kind", "every"), [(Refusing, 1), (Refusing, 2), (Broken, 2), (Broken, 3)]
)
def test_invitations_may_be_refused(database_url, kind, every):
    names = list(EVERYTHING)
    for name in sampled(names, database_url, len(names), f"{kind.__name__}{every}"):
        scenario = EVERYTHING[name]
        world = HostWorld(database_url, scenario)
        execution = world.begin()
        dispatcher = kind(world.inbox, every)
        vars(world.services)["dispatcher"] = dispatcher
        world.settle()
        TALLY["invitations refused"] += dispatcher.refused
        ended = verdict(world, execution)
        assert ended["status"] == ("Succeeded" if "output" in scenario else "Failed"), name
        assert ended["output"] == scenario.get("output"), name
    check_invariants(world.services.store)


class FaultyFunctions(Functions):
    """Fails each first attempt: before the function is reached, or after it has done its work."""

    def __init__(self, functions, error, *, reached):
        super().__init__({}, functions._tell)
        self._error = error
        self._reached = reached
        self.done = []

    def call(self, request, attempt, seconds):
        answer = super().call(request, attempt, seconds)
        if attempt.number > 1 or self._reached:
            self.done.append(attempt.headers()["idempotency-key"])
        return Raised(self._error, "injected") if attempt.number == 1 else answer


@pytest.mark.parametrize(
    ("error", "reached"),
    [
        ("Fn.Unreachable", False),
        ("Fn.TooBusy", False),
        ("Fn.FunctionFailed", True),
        ("Fn.Timeout", True),
    ],
)
def test_a_call_that_fails_or_loses_its_answer_is_made_anew_as_written(
    database_url, error, reached
):
    retry = [{"ErrorEquals": [error], "IntervalSeconds": 1, "MaxAttempts": 1}]
    world = OutsideWorld(database_url, {"definition": one(task(Retry=retry)), "input": {"n": 1}})
    faulty = FaultyFunctions(world.functions, error, reached=reached)
    vars(world.services)["functions"] = faulty
    execution = world.begin()
    world.settle()
    TALLY["calls failed"] += 1

    assert verdict(world, execution)["output"] == {"n": 1}
    assert faulty.done == [f"{execution}.1.{number}" for number in ((1, 2) if reached else (2,))]
    assert results(world, execution) == ["TaskFailed", "TaskSucceeded"]
    check_invariants(world.services.store)


def results(world, execution):
    database = world.services.store.database
    select = database.sql("SELECT events FROM history WHERE execution_id = ? ORDER BY first")
    texts = [row[0] for row in database.execute(select, (execution,)).fetchall()]
    kinds = [event[0] for text in texts for event in json.loads(text)]
    return [kind for kind in kinds if kind in ("TaskSucceeded", "TaskFailed", "TaskTimedOut")]


def test_an_answer_by_token_that_comes_twice_or_after_its_time_is_refused(database_url):
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    tell = task(
        "fn:tell.waitForTaskToken",
        Parameters={"token.$": "$$.Task.Token"},
        TimeoutSeconds=10,
        Retry=retry,
    )
    world = OutsideWorld(database_url, {"definition": one(tell)})
    tokens = []
    world.functions._tell = lambda token, _said: tokens.append(token)
    execution = world.begin()
    while len(tokens) < 2:
        for function, body in [world.inbox.messages.pop(0) for _ in world.inbox.messages[:]]:
            if function != "timer":  # it would let the time of the second attempt pass too
                world.run(function, body)
        world.now += 1000
        heal(world.services)
    late, current = tokens
    with pytest.raises(TaskTimedOut):
        signal(Signal(token=late, output="late"), world.services)
    signal(Signal(token=current, output="in time"), world.services)
    for token in tokens:
        with pytest.raises(TaskTimedOut):
            signal(Signal(token=token, output="again"), world.services)
    world.settle()

    assert verdict(world, execution)["output"] == "in time"
    assert results(world, execution) == ["TaskTimedOut", "TaskSucceeded"]
    check_invariants(world.services.store)
