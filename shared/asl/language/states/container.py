"""What Parallel and Map share: branches that are opened, join, or fail together."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from asl.language.document import Document
from asl.language.effects import Effect, Fork
from asl.language.events import BranchFailed, Drained, Entered, Event, Joined, Retried
from asl.language.states.state import State
from asl.language.visit import Visit

ABORTABLE = frozenset({"Task", "Map", "Parallel"})
"""Types whose unfinished visit leaves an event of its own behind [asl.md 6.1, 6.2]."""


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
                return self.open_more(visit, event)
            case Joined(outputs, last_event):
                result = Document([output.value for output in outputs])
                return self._join(visit, result, last_event)
            case BranchFailed():
                visit.last_event = event.last_event
                visit.branch_failed = event
                return self.recover(visit, event.error, event.cause)
            case _:
                raise TypeError(f"{self.TYPE} does not know {event!r}")

    def _opened(self, visit: Visit, fork: Fork) -> Effect:
        if fork.total:
            return fork
        return self._join(visit, Document([]), visit.last_event)

    def _join(self, visit: Visit, result: Document, last_event: int) -> Effect:
        visit.last_event = last_event
        visit.record(f"{self.TYPE}StateSucceeded")
        visit.joined_event = last_event
        output, variables = self.flow.result(visit, result)
        return self.leave(visit, output, variables)

    def exit_previous(self, visit: Visit) -> int | None:
        """StateExited skips StateSucceeded: both follow the last event inside (recorded)."""
        return visit.joined_event

    def record_failure(self, visit: Visit, error: str | None, cause: str | None) -> None:
        visit.joined_event = None
        failed = visit.branch_failed
        if failed is not None:
            self.record_branches(visit, failed)
        previous = None if failed is None else failed.last_event
        visit.record(f"{self.TYPE}StateFailed", previous=previous)

    def record_branches(self, visit: Visit, failed: BranchFailed) -> None:
        """Write down how the branches ended: all follow the first failing event (recorded)."""
        self.record_abort(visit, failed.type, failed.last_event)
        for branch in failed.aborted:
            self.record_abort(visit, branch.type, failed.last_event)

    def record_abort(self, visit: Visit, type_: str, previous: int) -> None:
        if type_ in ABORTABLE:
            visit.record(f"{type_}StateAborted", previous=previous)
