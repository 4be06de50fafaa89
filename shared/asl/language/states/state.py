"""What all states share: to be entered, to go on, to recover or to fail."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from asl.language.dataflow import Dataflow
from asl.language.document import Document
from asl.language.effects import Effect, Fail, Finish, Goto, Retry
from asl.language.errors import StateError
from asl.language.events import Entered, Event
from asl.language.fields import Fields
from asl.language.limits import check_size
from asl.language.recovery import NO_RECOVERY, Catcher, Failure, Recovery
from asl.language.visit import Visit


@dataclass(frozen=True, kw_only=True)
class State(ABC):
    """A state of the definition, parsed and checked.

    next: the state that follows, None where the branch ends here. parent: the Parallel or Map in
    whose branch it stands, empty at the top.
    """

    TYPE: ClassVar[str]
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset()
    SHOWS_RETRY_COUNT: ClassVar[bool] = False
    ISOLATES_BRANCHES: ClassVar[bool] = False

    name: str
    parent: str = ""
    flow: Dataflow
    next: str | None = None
    recovery: Recovery = NO_RECOVERY

    @classmethod
    @abstractmethod
    def parse(cls, fields: Fields, common: Common) -> State:
        """Read the fields this type has beside the common ones; faults go to `fields`."""

    @abstractmethod
    def on(self, event: Event, visit: Visit) -> Effect:
        """What follows from an event; StateError when the state cannot go on."""

    def targets(self) -> Iterator[tuple[str, str]]:
        """Every state this one may go to, and the field that says so, for the check of targets."""
        if self.next is not None:
            yield self.next, "Next"
        for index, catcher in enumerate(self.recovery.catchers):
            yield catcher.next, f"Catch[{index}]/Next"

    def step(self, event: Event, visit: Visit) -> Effect:
        """What follows from an event, faults included."""
        visit.shows_retry_count = self.SHOWS_RETRY_COUNT
        try:
            if isinstance(event, Entered):
                self._enter(visit)
            return self.on(event, visit)
        except StateError as fault:
            return self.recover(visit, self._report(visit, fault))

    def _enter(self, visit: Visit) -> None:
        visit.previous_event = visit.last_event
        visit.entered_at = visit.moment.now
        visit.entered_event = visit.record(f"{self.TYPE}StateEntered")

    def leave(
        self, visit: Visit, output: Document, variables: Document, *, next_: str | None = None
    ) -> Effect:
        """Go on to `next_` (default: the state's own Next), or end the branch."""
        check_size(self.name, output, as_recorded=True)  # of a Pass
        self._record_exit(visit)
        target = next_ or self.next
        return Finish(output) if target is None else Goto(target, output, variables)

    def _record_exit(self, visit: Visit) -> None:
        details = {"assignedVariables": visit.assigned} if visit.assigned else None
        visit.record(f"{self.TYPE}StateExited", details, previous=self.exit_previous(visit))

    def exit_previous(self, visit: Visit) -> int | None:
        """The event that StateExited follows, where it is not simply the last one."""
        return None

    def _report(self, visit: Visit, fault: StateError) -> Failure:
        """The failure that a fault amounts to; that of an expression is written down."""
        cause = fault.cause
        if fault.prefixed and cause is not None:
            cause = visit.prefix(cause)
        if fault.location is not None:
            details = {"error": fault.error, "cause": cause, "state": self.name}
            if fault.location:
                details["location"] = fault.location
            visit.record("EvaluationFailed", details, previous=self.evaluation_previous(visit))
        return Failure(fault.error, cause)

    def evaluation_previous(self, visit: Visit) -> int:
        """EvaluationFailed follows the event before the state's entry (recorded, 29 of 34)."""
        return visit.previous_event

    def recover(self, visit: Visit, failure: Failure) -> Effect:
        """Retry, catch, or fail with the branch."""
        token = visit.token
        decision = self.recovery.retry(failure, token.counters, visit.moment.random)
        if decision is not None:
            self.record_attempt(visit)
            due = visit.moment.now + round(decision.delay * 1000)
            return Retry(due, decision.counters, failure.error, failure.cause)
        self.record_failure(visit, failure)
        catcher = self.recovery.catcher(failure)
        if catcher is None:
            return Fail(failure.error, failure.cause)
        return self._catch(visit, catcher, failure)

    def _catch(self, visit: Visit, catcher: Catcher, failure: Failure) -> Effect:
        visit.assigned = {}
        try:
            output, variables = catcher.output(visit, failure)
            check_size(self.name, output)
        except StateError as fault:
            second = self._report(visit, fault)
            return Fail(second.error, second.cause)
        self._record_exit(visit)
        return Goto(catcher.next, output, variables)

    def record_attempt(self, visit: Visit) -> None:
        """Write down how an attempt ended that is followed by another."""
        return

    def record_failure(self, visit: Visit, failure: Failure) -> None:
        """Write down that the state has failed for good, where its type has an event for that."""
        return


@dataclass(frozen=True, slots=True)
class Common:
    """What every state reads the same way, handed to the parsing of each type."""

    name: str
    parent: str
    language: str
    flow: Dataflow
    next: str | None
    recovery: Recovery
    machine: Submachines


class Submachines(ABC):
    """How a state has its branches read, and what it may refer to.

    labels: of the Distributed Maps read so far. type: STANDARD or EXPRESS, of the branches that
    are read. registry: what the operator lets a Resource stand for. services: those that may be
    called beside functions, None for any.
    """

    labels: set[str]
    type: str
    registry: Mapping[str, str]
    services: Collection[str] | None

    @abstractmethod
    def parse_branch(self, fields: Fields, parent: str) -> str:
        """Read StartAt and States of a branch; answers the name of its first state."""
