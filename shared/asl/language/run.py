"""A whole run in memory: every step decided, nothing done (the caller calls and lets time pass).

Express executions are driven by it, and the language's own tests. What it keeps for each operation
the store keeps in a row; both obey the same steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import ClassVar

from asl.language.document import Document
from asl.language.effects import (
    Branch,
    Call,
    Callback,
    Effect,
    Fail,
    Finish,
    Fork,
    Goto,
    Offer,
    ReadItems,
    Record,
    Retry,
    ServiceCall,
    Sleep,
    WriteResults,
)
from asl.language.events import (
    Aborted,
    BranchFailed,
    Drained,
    Elapsed,
    Entered,
    Event,
    Retried,
    ThresholdExceeded,
    TimedOut,
)
from asl.language.machine import Machine
from asl.language.step import Step, step
from asl.language.visit import ExecutionContext, Moment, Token
from asl.language.visiting import Calling, Child, Made, Outcome, Visiting

__all__ = ["Calling", "Made", "Outcome", "Run"]


class Run:
    """One execution of a machine. Times are ms since epoch and come in as arguments.

    most_events: how long its history may grow, None for no limit (Express). start_at: where it
    begins; a child of a Map Run begins within the machine.
    """

    def __init__(
        self,
        machine: Machine,
        execution: ExecutionContext,
        random: Random,
        now: int,
        most_events: int | None = 25_000,
        start_at: str | None = None,
    ) -> None:
        self._machine = machine
        self._execution = execution
        self._random = random
        self._most_events = most_events
        self._visiting: dict[int, Visiting] = {}
        self._ready: deque[int] = deque()
        self._calls: list[Calling] = []
        self._numbers = 0
        self.records: list[Record] = [Record(1, 0, "ExecutionStarted", now)]
        self.made: list[Made] = []
        self.outcome: Outcome | None = None
        first = Branch(0, start_at or machine.start_at, execution.input)
        self._enter(0, first, Document({}), 0, opens=True)

    def advance(self, now: int) -> Sequence[Calling]:
        """Make every transition that can be made now; the calls that are to be made."""
        self._wake(now)
        while self._ready and self.outcome is None:
            visiting = self._visiting.get(self._ready.popleft())
            if visiting is not None and visiting.event is not None:
                self._step(visiting, visiting.event, now)
        calls, self._calls = self._calls, []
        return calls

    def resume(self, number: int, event: Event) -> None:
        """An operation meets an event: its call was answered, or its token came back.

        One that has been aborted since is passed over.
        """
        visiting = self._visiting.get(number)
        if visiting is not None:
            visiting.event = event
            visiting.due = None
            self._ready.append(number)

    def answer(self, calling: Calling, event: Event) -> None:
        """What came of a call; one that comes too late, for another attempt, is passed over."""
        visiting = self._visiting.get(calling.number)
        if visiting is not None and visiting.token.counters == calling.token.counters:
            self.resume(calling.number, event)

    @property
    def due(self) -> int | None:
        """When the next thing comes due, None when only answers can move the run on."""
        return min((v.due for v in self._visiting.values() if v.due is not None), default=None)

    def _wake(self, now: int) -> None:
        for visiting in self._visiting.values():
            if visiting.due is not None and visiting.due <= now:
                visiting.due = None
                self._ready.append(visiting.number)

    def _enter(
        self,
        parent: int,
        branch: Branch,
        variables: Document,
        last_event: int,
        *,
        opens: bool,
        child: Child | None = None,
    ) -> None:
        self._numbers += 1
        token = Token(
            operation=f"{self._execution.name}.{self._numbers}",
            state=branch.state,
            input=branch.input,
            execution=self._execution if child is None else child.execution,
            variables=variables,
            index=branch.index,
            opens=opens,
            last_event=last_event,
        )
        self._visiting[self._numbers] = Visiting(
            self._numbers, parent, token, Entered(), child=child, weight=branch.weight
        )
        self._ready.append(self._numbers)

    def _step(self, visiting: Visiting, event: Event, now: int) -> None:
        records = self.records if visiting.child is None else visiting.child.records
        moment = Moment(now, self._random, len(records) + 1, self._most_events)
        decided = step(self._machine, visiting.token, event, moment)
        records.extend(decided.records)
        self.made.append(Made(visiting.number, visiting.parent, visiting.token, decided, now))
        if (change := decided.map_run) is not None and change.opened is not None:
            visiting.open(change.opened)
        visiting.event = None
        visiting.token = replace(
            visiting.token,
            entered_at=decided.entered_at,
            previous_event=decided.previous_event,
            entered_event=decided.entered_event,
            last_event=decided.last_event,
        )
        self._EFFECTS[type(decided.effect)](self, visiting, decided, event)

    def _goto(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Goto = decided.effect  # type: ignore[assignment]
        del self._visiting[visiting.number]
        branch = Branch(visiting.token.index, effect.state, effect.output, visiting.weight)
        after, child = decided.exit_event, visiting.child
        self._enter(visiting.parent, branch, effect.variables, after, opens=False, child=child)

    def _finish(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Finish = decided.effect  # type: ignore[assignment]
        del self._visiting[visiting.number]
        parent = self._visiting.get(visiting.parent)
        if parent is None:
            self.outcome = Outcome(output=effect.output)
            return
        parent.outputs[visiting.token.index] = effect.output
        parent.last_event = max(parent.last_event, decided.last_event)
        self._count_down(parent, decided.exit_event)

    def _count_down(self, parent: Visiting, last_event: int) -> None:
        """A branch has ended: the next one begins, or the parent goes on."""
        parent.pending -= 1
        if parent.pending == 0:
            self.resume(parent.number, parent.joined())
        elif parent.held:
            self._open(parent, parent.held.popleft(), last_event)

    def _open(self, parent: Visiting, branch: Branch, last_event: int) -> None:
        variables = parent.variables or parent.token.variables
        child = parent.child_of(f"{self._execution.name}.{self._numbers + 1}", branch)
        last_event = last_event if parent.map_run is None else 0
        self._enter(parent.number, branch, variables, last_event, opens=True, child=child)

    def _fail(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Fail = decided.effect  # type: ignore[assignment]
        del self._visiting[visiting.number]
        parent = self._visiting.get(visiting.parent)
        if parent is None:
            self._visiting.clear()
            self.outcome = Outcome(error=effect.error, cause=effect.cause)
            return
        if parent.map_run is not None:
            self._fail_child(parent, visiting.weight)
            return
        parent.event = BranchFailed(
            index=visiting.token.index,
            state=visiting.token.state,
            type=decided.type,
            error=effect.error,
            cause=effect.cause,
            last_event=decided.last_event,
            aborted=self._abort_below(parent.number),
        )
        parent.held.clear()
        self._ready.append(parent.number)

    def _fail_child(self, parent: Visiting, weight: int) -> None:
        """A Map Run bears some failures."""
        parent.failed += weight
        if not parent.is_exceeded:
            self._count_down(parent, 0)
            return
        self._abort_below(parent.number)
        parent.held.clear()
        self.resume(parent.number, ThresholdExceeded())

    def _abort_below(self, number: int) -> list[Aborted]:
        """End every branch below; those of the first level that had begun."""
        below = [v for v in self._visiting.values() if v.parent == number]
        aborted = []
        for visiting in sorted(below, key=lambda v: v.token.index):
            del self._visiting[visiting.number]
            self._abort_below(visiting.number)
            entered = visiting.token.entered_event > 0
            if entered or not visiting.token.opens:
                type_ = self._machine.state(visiting.token.state).TYPE if entered else ""
                aborted.append(Aborted(visiting.token.index, visiting.token.state, type_))
        return aborted

    def _sleep(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Sleep = decided.effect  # type: ignore[assignment]
        visiting.event, visiting.due = Elapsed(), effect.until

    def _retry(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Retry = decided.effect  # type: ignore[assignment]
        visiting.token = replace(visiting.token, counters=effect.counters)
        visiting.event, visiting.due = Retried(), effect.until

    def _call(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Call | ServiceCall = decided.effect  # type: ignore[assignment]
        visiting.deadline = effect.deadline
        visiting.event, visiting.due = TimedOut(), effect.deadline
        self._calls.append(Calling(visiting.number, visiting.token, effect))

    def _offer(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Offer | ReadItems | WriteResults = decided.effect  # type: ignore[assignment]
        visiting.deadline = None
        if not isinstance(effect, Offer):
            visiting.token = replace(visiting.token, notes=effect.notes)
        self._calls.append(Calling(visiting.number, visiting.token, effect))

    def _callback(self, visiting: Visiting, decided: Step, _event: Event) -> None:
        effect: Callback = decided.effect  # type: ignore[assignment]
        visiting.deadline = visiting.deadline if effect.deadline is None else effect.deadline
        visiting.event, visiting.due = TimedOut(), visiting.deadline

    def _fork(self, visiting: Visiting, decided: Step, event: Event) -> None:
        effect: Fork = decided.effect  # type: ignore[assignment]
        if visiting.map_run is not None:
            visiting.token = replace(visiting.token, notes=effect.items)
            visiting.item_count = effect.item_count
        elif not isinstance(event, Drained):
            visiting.outputs, visiting.last_event = {}, 0
        visiting.total = effect.total
        visiting.items = effect.items
        visiting.variables = effect.variables
        visiting.pending = len(effect.branches)
        visiting.opened = effect.branches[-1].index + 1
        visiting.held = deque(effect.branches)
        for _ in range(effect.concurrency or len(effect.branches)):
            if visiting.held:
                self._open(visiting, visiting.held.popleft(), decided.exit_event)

    _EFFECTS: ClassVar[dict[type[Effect], Callable[[Run, Visiting, Step, Event], None]]] = {
        Goto: _goto,
        Finish: _finish,
        Fail: _fail,
        Sleep: _sleep,
        Retry: _retry,
        Call: _call,
        ServiceCall: _call,
        Offer: _offer,
        Callback: _callback,
        Fork: _fork,
        ReadItems: _offer,
        WriteResults: _offer,
    }
