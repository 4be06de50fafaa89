"""What a run in memory keeps of its operations, and what it tells its driver."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from asl.language.document import Document
from asl.language.effects import Branch, Call, Offer, ServiceCall
from asl.language.events import Event
from asl.language.step import Step
from asl.language.visit import Token


@dataclass(slots=True)
class Visiting:
    """One operation that is under way. parent: number of its Parallel or Map, 0 at the top.

    held: branches that wait for their turn. pending: branches that have not ended. outputs: of
    those that have, by index.
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


@dataclass(frozen=True, slots=True)
class Calling:
    """Work to have done. Answer it with `Run.answer(calling, event)`, however late."""

    number: int
    token: Token
    work: Call | ServiceCall | Offer

    @property
    def call(self) -> Call:
        """The function call that it is, in a machine that may call nothing else."""
        if not isinstance(self.work, Call):
            raise TypeError(f"{self.token.state} calls no function")
        return self.work


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
