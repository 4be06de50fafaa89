"""One transition, decided: state + event → effect and history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asl.language.effects import Effect, Fail, Finish, Record
from asl.language.errors import RUNTIME
from asl.language.events import BranchFailed, Entered, Event
from asl.language.machine import Machine
from asl.language.map_run import MapRunChange
from asl.language.states.map_ import Map
from asl.language.states.state import State
from asl.language.visit import Moment, Token, Visit


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an event.

    type: of the state. records: the history events to append, ids from `Moment.next_event` on.
    entered_event, entered_at, previous_event: of the visit. exit_event: the last event of the
    state itself; last_event: the last one of its branch, which the parent's join follows.
    map_run: what became of the state's Map Run. ends_child: the operation was the last one of a
    child of a Map Run, whose history `records` continue.
    """

    effect: Effect
    type: str
    records: Sequence[Record]
    entered_at: int
    entered_event: int
    previous_event: int
    exit_event: int
    last_event: int
    map_run: MapRunChange | None = None
    ends_child: bool = False


def step(machine: Machine, token: Token, event: Event, moment: Moment) -> Step:
    """Decide what follows when `event` meets the operation `token`, and write its history.

    Pure: the same arguments give the same answer. Faults of the run are effects, never raised.
    """
    state = machine.state(token.state)
    parent = machine.states.get(state.parent)
    in_child = parent is not None and parent.ISOLATES_BRANCHES
    visit = Visit(token, moment)
    if in_child:
        parent = None
        if token.opens and isinstance(event, Entered):
            visit.record("ExecutionStarted", previous=0)
            visit.last_event = 0  # the first StateEntered follows nothing (recorded)
    if moment.history_is_full and not isinstance(event, BranchFailed):
        effect: Effect = history_limit_exceeded(moment)
    else:
        if token.opens and isinstance(event, Entered) and isinstance(parent, Map):
            visit.record("MapIterationStarted", {"name": parent.name, "index": token.index})
        effect = state.step(event, visit)
    exit_event = visit.last_event
    _conclude(visit, effect, parent)
    return Step(
        effect=effect,
        type=state.TYPE,
        records=visit.records,
        entered_at=visit.entered_at,
        entered_event=visit.entered_event,
        previous_event=visit.previous_event,
        exit_event=exit_event,
        last_event=visit.last_event,
        map_run=visit.map_run_change,
        ends_child=in_child and isinstance(effect, (Finish, Fail)),
    )


def history_limit_exceeded(moment: Moment) -> Fail:
    """A run ends here that would fill its history; no Catch takes it."""
    return Fail(
        RUNTIME,
        f"The execution reached the maximum number of history events ({moment.most_events}).",
    )


def _conclude(visit: Visit, effect: Effect, parent: State | None) -> None:
    """Write down that the branch, the iteration or the execution has ended."""
    match effect:
        case Finish() if isinstance(parent, Map):
            details = {"name": parent.name, "index": visit.token.index}
            visit.record("MapIterationSucceeded", details)
        case Finish() if parent is None:
            visit.record("ExecutionSucceeded")
        case Fail(error, cause) if parent is None:
            named = {"error": error, "cause": cause}
            visit.record("ExecutionFailed", {k: v for k, v in named.items() if v is not None})
