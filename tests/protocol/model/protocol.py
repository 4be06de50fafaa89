"""The protocol as a small model: what a run may be, and what may happen to it, without a database.

The run is T (a Task that is retried once), then P, a Parallel of X (a Task that waits for its
token, with a timeout) and W (a Wait). Two runners take part. Messages are not in the model: any
operation may be delivered to any runner at any time, which is what lost, doubled, late and forged
messages come to. Time is not either: whoever comes may come before or after an operation is due.
"""

from collections.abc import Iterator
from typing import NamedTuple

RUNNERS = (0, 1)
PARENT, BRANCHES = "P", ("X", "W")
# So that the model has an end: how many crashes there are, and up to which fence a call is taken
# over whose runner still waits for it.
MOST_CRASHES, MOST_TAKEN = 2, 4
LIVE = ("Pending", "Executing", "Waiting")


class Operation(NamedTuple):
    """As its row: awaiting says what for, while it lives."""

    status: str = "Pending"
    awaiting: str = ""
    fence: int = 0
    attempt: int = 1


class Held(NamedTuple):
    """A call that a runner is waiting for."""

    name: str
    fence: int


class State(NamedTuple):
    """log: what the history says, in its order, as (what, operation, attempt). crashes: so far."""

    status: str = "Executing"
    operations: tuple[tuple[str, Operation], ...] = (("T", Operation()),)
    pending: int = 0
    runners: tuple[Held | None, ...] = (None, None)
    log: tuple[tuple[str, str, int], ...] = ()
    crashes: int = 0

    def of(self, name: str) -> Operation | None:
        return dict(self.operations).get(name)

    def put(self, name: str, operation: Operation) -> "State":
        return self._replace(
            operations=tuple(sorted({**dict(self.operations), name: operation}.items()))
        )

    def hold(self, runner: int, held: Held | None) -> "State":
        return self._replace(runners=(*self.runners[:runner], held, *self.runners[runner + 1 :]))

    def say(self, what: str, name: str = "", attempt: int = 0) -> "State":
        return self._replace(log=(*self.log, (what, name, attempt)))

    @property
    def live(self) -> list[str]:
        return [name for name, operation in self.operations if operation.status in LIVE]


class Action(NamedTuple):
    """what: deliver, answer, crash, signal, stop. how: due, deadline, ok, fail or nothing."""

    what: str
    runner: int = 0
    name: str = ""
    how: str = ""


def successors(state: State) -> Iterator[tuple[Action, State]]:
    """Everything that may happen next, and what it leads to."""
    for runner in RUNNERS:
        if state.runners[runner] is None:
            for name, operation in state.operations:
                for how in ("due", "deadline"):
                    if (how == "deadline" and name == "X") or may_be_taken(state, name, operation):
                        yield (
                            Action("deliver", runner, name, how),
                            deliver(state, runner, name, operation, how),
                        )
        else:
            for how in ("ok", "fail"):
                yield Action("answer", runner, "", how), answer(state, runner, how)
            if state.crashes < MOST_CRASHES:
                crashed = state.hold(runner, None)._replace(crashes=state.crashes + 1)
                yield Action("crash", runner), crashed
    for how in ("ok", "fail"):
        yield Action("signal", 0, "X", how), signal(state, how)
    for how in ("Aborted", "TimedOut"):
        yield Action("stop", 0, "", how), stop(state, how)


def may_be_taken(state: State, name: str, row: Operation) -> bool:
    """Whether the model lets somebody come for it; in life everybody may, always."""
    waits = Held(name, row.fence) in state.runners
    return row.status != "Executing" or row.fence < MOST_TAKEN or not waits


def deliver(state: State, runner: int, name: str, row: Operation, how: str) -> State:
    """A runner comes for an operation when it is due; `deadline`: its timeout is over too."""
    if state.status != "Executing" or row.status not in LIVE:
        return state
    over = how == "deadline" and name == "X"
    row = row._replace(fence=row.fence + 1)
    if row.status == "Pending":
        return enter(state, runner, name, row)
    if row.status == "Executing":
        if over:
            return fail(state.say("fail", name, row.attempt), name, row)
        return state.put(name, row).hold(runner, Held(name, row.fence))
    if row.awaiting == "retry":
        return call(state, runner, name, row)
    if row.awaiting == "time":
        return finish(state, name, row)
    if row.awaiting == "callback":  # it comes due when its time is over, not before
        return fail(state.say("fail", name, row.attempt), name, row)
    return state


def enter(state: State, runner: int, name: str, row: Operation) -> State:
    if name == "W":
        return state.put(name, row._replace(status="Waiting", awaiting="time"))
    if name != PARENT:
        return call(state, runner, name, row)
    if row.awaiting == "failure":
        return fail(state, name, row)
    if row.awaiting == "branches":
        return finish(state, name, row)
    state = state.put(name, row._replace(status="Waiting", awaiting="branches"))
    for branch in BRANCHES:
        state = state.put(branch, Operation())
    return state._replace(pending=len(BRANCHES))


def call(state: State, runner: int, name: str, row: Operation) -> State:
    """The schedule is written down with the lease; then the function is called."""
    row = row._replace(status="Executing", awaiting="result")
    held = Held(name, row.fence)
    return state.put(name, row).say("schedule", name, row.attempt).hold(runner, held)


def answer(state: State, runner: int, how: str) -> State:
    """A call comes back. Whoever has been overtaken changes nothing."""
    held = state.runners[runner]
    assert held is not None
    state = state.hold(runner, None)
    row = state.of(held.name)
    assert row is not None
    if state.status != "Executing" or row.status != "Executing" or row.fence != held.fence:
        return state
    row = row._replace(fence=row.fence + 1)
    if how == "ok" and held.name == "X":
        return state.put("X", row._replace(status="Waiting", awaiting="callback"))
    if how == "ok":
        return finish(state.say("result", held.name, row.attempt), held.name, row)
    state = state.say("fail", held.name, row.attempt)
    if held.name == "T" and row.attempt == 1:
        return state.put("T", row._replace(status="Waiting", awaiting="retry", attempt=2))
    return fail(state, held.name, row)


def signal(state: State, how: str) -> State:
    """The holder of X's token brings its result; it may be quicker than the call's answer."""
    row = state.of("X")
    if state.status != "Executing" or row is None:
        return state
    if row.status not in LIVE or row.awaiting not in ("result", "callback"):
        return state
    row = row._replace(fence=row.fence + 1)
    if how == "ok":
        return finish(state.say("result", "X", row.attempt), "X", row)
    return fail(state.say("fail", "X", row.attempt), "X", row)


def finish(state: State, name: str, row: Operation) -> State:
    state = state.put(name, row._replace(status="Succeeded", awaiting=""))
    if name == "T":
        return state.put(PARENT, Operation())
    if name == PARENT:
        return state._replace(status="Succeeded").say("end")
    parent = state.of(PARENT)
    assert parent is not None
    state = state._replace(pending=state.pending - 1)
    return state if state.pending else state.put(PARENT, parent._replace(status="Pending"))


def fail(state: State, name: str, row: Operation) -> State:
    state = state.put(name, row._replace(status="Failed", awaiting=""))
    if name not in BRANCHES:
        return state._replace(status="Failed").say("end")
    parent = state.of(PARENT)
    assert parent is not None
    state = state.put(PARENT, parent._replace(status="Pending", awaiting="failure"))
    for branch in BRANCHES:
        beside = state.of(branch)
        if beside is not None and beside.status in LIVE:
            state = state.put(branch, beside._replace(status="Aborted", awaiting=""))
    return state


def stop(state: State, how: str) -> State:
    """The run is ended from outside, or its time is over."""
    if state.status != "Executing":
        return state
    for name in state.live:
        row = state.of(name)
        assert row is not None
        aborted = row._replace(status="Aborted", awaiting="", fence=row.fence + 1)
        state = state.put(name, aborted)
    return state._replace(status=how).say("end")
