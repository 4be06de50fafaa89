"""All states that the model can come to, one by one."""

from tests.protocol.model.invariants import check_state, check_step
from tests.protocol.model.protocol import State, successors
from tests.protocol.points import TALLY

HEALING = ("deliver", "answer")  # what the timer and the runners do, whatever else fails


def explore():
    """Every state that can be reached, and the states that each leads to."""
    start = State()
    known, waiting = {start: []}, [start]
    while waiting:
        state = waiting.pop()
        check_state(state)
        for action, following in successors(state):
            if following == state:
                continue
            check_step(state, following)
            known[state].append((action, following))
            if following not in known:
                known[following] = []
                waiting.append(following)
    return known


def test_the_promises_hold_in_every_state_and_at_every_step():
    states = explore()
    TALLY["model: states"] = len(states)
    TALLY["model: steps"] = sum(len(leads) for leads in states.values())

    assert can_end(states) == set(states), "a run could be stuck"


def can_end(states):
    """The states from which the run comes to its end without being stopped from outside."""
    before = {state: [] for state in states}
    for state, leads in states.items():
        for action, following in leads:
            if action.what in HEALING:
                before[following].append(state)
    waiting = [state for state in states if state.status != "Executing"]
    ending = set(waiting)
    while waiting:
        for state in before[waiting.pop()]:
            if state not in ending:
                ending.add(state)
                waiting.append(state)
    return ending
