"""What Parallel and Map share: branches that are opened, join, or fail together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from asl.language.document import Document
from asl.language.effects import Effect, Fork
from asl.language.errors import RUNTIME
from asl.language.events import BranchFailed, Drained, Entered, Event, Joined, Retried
from asl.language.limits import check_size
from asl.language.recovery import Failure
from asl.language.states.state import State
from asl.language.visit import Visit

ABORTABLE = frozenset({"Task", "Wait", "Map", "Parallel"})
"""Types whose unfinished visit leaves an event behind."""


@dataclass(frozen=True, kw_only=True)
class Container(State):
    """A state whose work is done by branches of its own."""

    SHOWS_RETRY_COUNT: ClassVar[bool] = True

    @abstractmethod
    def open(self, visit: Visit) -> Fork:
        """Open the first branches."""

    @abstractmethod
    def open_more(self, visit: Visit, event: Drained) -> Fork:
        """Open the next ones."""

    def on(self, event: Event, visit: Visit) -> Effect:
        match event:
            case Entered() | Retried():
                return self._opened(visit, self.open(visit))
            case Drained():
                return self._opened(visit, self.open_more(visit, event))
            case Joined(outputs, last_event):
                return self._join(visit, self.combine(outputs), last_event)
            case BranchFailed():
                visit.last_event = event.last_event
                visit.branch_failed = event
                return self.recover(visit, Failure(event.error, event.cause))
            case _:
                raise TypeError(f"{self.TYPE} does not know {event!r}")

    def combine(self, outputs: Sequence[Document]) -> Document:
        """What the branches made, in their order."""
        return Document([output.value for output in outputs])

    def _opened(self, visit: Visit, fork: Fork) -> Effect:
        for branch in fork.branches:
            check_size(self.name, branch.input)
        if fork.total:
            return fork
        return self._join(visit, Document([]), visit.last_event)

    def _join(self, visit: Visit, result: Document, last_event: int) -> Effect:
        """Go on with the result; StateSucceeded stands only where it could be processed too."""
        visit.last_event = last_event
        output, variables = self.flow.result(visit, result)
        check_size(self.name, output)
        visit.record(f"{self.TYPE}StateSucceeded")
        visit.joined_event = last_event
        return self.leave(visit, output, variables)

    def exit_previous(self, visit: Visit) -> int | None:
        """StateExited skips StateSucceeded: both follow the last event inside (recorded)."""
        return visit.joined_event

    def record_attempt(self, visit: Visit) -> None:
        """The branches' ends stand in the history; the next attempt follows the failing event."""
        failed = visit.branch_failed
        if failed is not None:
            self.record_branches(visit, failed)
            visit.last_event = failed.last_event

    def record_failure(self, visit: Visit, failure: Failure) -> None:
        """StateFailed follows the failing event; a fault of its own data has none (recorded)."""
        self.record_attempt(visit)
        if visit.branch_failed is not None or failure.error != RUNTIME:
            visit.record(f"{self.TYPE}StateFailed")

    def record_branches(self, visit: Visit, failed: BranchFailed) -> None:
        """Write down how the branches ended: all follow the first failing event (recorded)."""
        self.record_abort(visit, failed.type, failed.last_event, failed=True)
        for branch in failed.aborted:
            self.record_abort(visit, branch.type, failed.last_event)

    def record_abort(
        self, visit: Visit, type_: str, previous: int, *, failed: bool = False
    ) -> None:
        """StateAborted for a state that is left without StateExited.

        failed: it is the one that failed; a Task has the event then too (recorded), a Parallel or
        Map has StateFailed instead.
        """
        if type_ == "Task" or (type_ in ABORTABLE and not failed):
            visit.record(f"{type_}StateAborted", previous=previous)
