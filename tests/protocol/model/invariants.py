"""What must hold in every state of the model, and of every step: the promises in its words."""

from tests.protocol.model.protocol import BRANCHES, PARENT, State

BUDGET = {"T": 2, "X": 1}


def check_state(state: State) -> None:
    check_log(state)
    operations = dict(state.operations)
    if state.status == "Executing":
        top = [name for name in ("T", PARENT) if name in state.live]
        assert len(top) == 1, "one operation at the top is live while the run goes on"
    else:
        assert state.live == [], "nothing is live once the run has ended"
    holders = [held for held in state.runners if held is not None and is_current(state, held)]
    assert len(holders) <= 1, "two runners could both write one operation down"
    parent = operations.get(PARENT)
    if parent is not None and (parent.status, parent.awaiting) == ("Waiting", "branches"):
        live = [name for name in BRANCHES if name in state.live]
        assert state.pending == len(live) > 0, "each branch is counted once, and one is at work"


def is_current(state, held):
    row = state.of(held.name)
    return row is not None and row.status == "Executing" and row.fence == held.fence


def check_log(state):
    """Results follow schedules, a retry follows a failure, the budget is kept, the end is last."""
    open_attempts, seen, failed = set(), set(), set()
    for position, (what, name, attempt) in enumerate(state.log):
        key = (name, attempt)
        if what == "end":
            assert position == len(state.log) - 1, "the end is last"
        elif what == "schedule":
            assert key not in seen, "an attempt is scheduled once"
            assert attempt <= BUDGET[name], "the budget is kept"
            assert attempt == 1 or (name, attempt - 1) in failed, "a retry follows a failure"
            seen.add(key)
            open_attempts.add(key)
        else:
            assert key in open_attempts, "one result for each schedule, and after it"
            open_attempts.discard(key)
            failed |= {key} if what == "fail" else set()
    ended = bool(state.log) and state.log[-1][0] == "end"
    assert ended == (state.status != "Executing"), "the history says how it ended"


def check_step(before: State, after: State) -> None:
    """What was recorded stays; a terminal status never changes."""
    assert after.log[: len(before.log)] == before.log, "history is only appended to"
    if before.status != "Executing":
        assert what_is_stored(after) == what_is_stored(before), "the end is the end"
    earlier = dict(before.operations)
    for name, row in after.operations:
        if name in earlier and earlier[name].status not in ("Pending", "Executing", "Waiting"):
            assert row == earlier[name], "an operation that has ended stays as it is"
        elif name in earlier:
            assert row.fence >= earlier[name].fence, "the fence only rises"


def what_is_stored(state: State) -> State:
    """Without what is in the memory of runners."""
    return state._replace(runners=(), crashes=0)
