"""What a run in memory keeps of its operations, and what it tells its driver."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from asl.language.document import Document
from asl.language.effects import Branch, Call, Offer, ReadItems, Record, ServiceCall, WriteResults
from asl.language.events import Drained, Event, Joined, ThresholdExceeded
from asl.language.map_run import MapRun
from asl.language.step import Step
from asl.language.visit import ExecutionContext, Token


@dataclass(slots=True)
class Child:
    """A child of a Map Run: the execution it is, with a history of its own."""

    execution: ExecutionContext
    records: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Visiting:
    """One operation that is under way. parent: number of its Parallel or Map, 0 at the top.

    held: branches that wait for their turn. pending: branches that have not ended. outputs: of
    those that have, by index. child: whose operation it is, and weight, how many items that has.
    map_run: of a Distributed Map; failed, item_count: of its items, the latter once it is known.
    """

    number: int
    parent: int
    token: Token
    event: Event | None = None
    due: int | None = None
    deadline: int | None = None
    pending: int = 0
    held: deque[Branch] = field(default_factory=deque)
    opened: int = 0
    total: int = 0
    items: Document | None = None
    variables: Document | None = None
    outputs: dict[int, Document] = field(default_factory=dict)
    last_event: int = 0
    child: Child | None = None
    weight: int = 1
    map_run: MapRun | None = None
    failed: int = 0
    item_count: int | None = None

    @property
    def is_exceeded(self) -> bool:
        """Whether more items of its Map Run failed than that bears."""
        run = self.map_run
        return run is not None and run.tolerance.is_exceeded(self.failed, self.item_count)

    def open(self, run: MapRun) -> None:
        """A Map Run begins; what another one left is forgotten."""
        self.map_run, self.failed = run, 0
        self.outputs, self.item_count = {}, None

    def joined(self) -> Event:
        """What it meets when the branches that were opened have ended."""
        if self.opened < self.total:
            return Drained(self.opened, self.items)
        if self.is_exceeded:
            return ThresholdExceeded()
        outputs = [self.outputs[index] for index in sorted(self.outputs)]
        return Joined(outputs, self.last_event)

    def child_of(self, name: str, branch: Branch) -> Child | None:
        """Whose operation the first one of a branch is: of a new child, where it has a Map Run."""
        if self.map_run is None:
            return self.child
        execution, now = self.token.execution, self.token.entered_at
        return Child(execution.child(self.map_run.label, name, branch.input, now))


@dataclass(frozen=True, slots=True)
class Calling:
    """Work to have done. Answer it with `Run.answer(calling, event)`, however late."""

    number: int
    token: Token
    work: Call | ServiceCall | Offer | ReadItems | WriteResults

    @property
    def deadline(self) -> int | None:
        """When the attempt of a Task times out (ms since epoch); None where it does not."""
        return self.work.deadline if isinstance(self.work, Call | ServiceCall) else None


@dataclass(frozen=True, slots=True)
class Made:
    """One transition that was made: by which operation, as it was before, and what was decided."""

    number: int
    parent: int
    token: Token
    decided: Step
    at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `output`, or an error and a cause, either of which may be None."""

    output: Document | None = None
    error: str | None = None
    cause: str | None = None
