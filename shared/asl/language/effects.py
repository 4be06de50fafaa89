"""What follows from an event: the effect half of `state + event → effect`.

An effect is a value; `store` writes it and `remote` carries it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from asl.language.document import EMPTY, Document
from asl.language.item_request import ItemRequest, ResultRequest
from asl.language.resources import HTTP, Dialect, Pattern
from asl.language.scope import Json


@dataclass(frozen=True, slots=True)
class Goto:
    """The state ended well; the branch goes on with `state`."""

    state: str
    output: Document
    variables: Document = EMPTY


@dataclass(frozen=True, slots=True)
class Finish:
    """The state ended well and with it its branch, iteration or execution."""

    output: Document


@dataclass(frozen=True, slots=True)
class Fail:
    """The state failed, and with it its branch, iteration or execution."""

    error: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass until `until` (ms since epoch), then come back with Elapsed."""

    until: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Do the state's work anew at `until` (ms). `counters`: retries made so far, per retrier."""

    until: int
    counters: tuple[int, ...]
    error: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """A call of an Fn function; an empty `app` is the execution's namespace."""

    app: str
    function: str
    payload: Document
    dialect: Dialect


@dataclass(frozen=True, slots=True)
class Call:
    """Ask a resource to do the Task's work.

    deadline: ms since epoch at which the attempt times out; heartbeat: seconds between signs of
    life; None where the state sets none. token: what brings the result of a callback back.
    """

    request: FunctionRequest
    deadline: int | None = None
    heartbeat: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """Ask a service that is no function to do the Task's work, as its action and pattern say.

    deadline, heartbeat, token: as of a Call.
    """

    service: str
    action: str
    pattern: Pattern
    arguments: Document
    deadline: int | None = None
    heartbeat: int | None = None
    token: str | None = None

    @property
    def calls_url(self) -> bool:
        """Whether it is the request of an HTTP Task, to be made as a function is called."""
        return self.service == HTTP and self.token is None


@dataclass(frozen=True, slots=True)
class Offer:
    """Hold the Task's work ready for a worker of an activity, who takes it (Taken) or not."""

    activity: str
    arguments: Document
    token: str


@dataclass(frozen=True, slots=True)
class Callback:
    """The call was made; its result comes from outside (task token, job, child execution).

    deadline, heartbeat: of a taken activity, whose time runs from then on; else those of the Call.
    """

    deadline: int | None = None
    heartbeat: int | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch or iteration to open: where it starts and with what.

    weight: how many items are in it (a batch of a Distributed Map may have several).
    """

    index: int
    state: str
    input: Document
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Fork:
    """Open branches or iterations; the state goes on when all have ended.

    total: how many there are in all; those not in `branches` are opened when these have ended.
    concurrency: how many may run at a time, 0 for no limit. items: what the rest is made of.
    item_count: how many items a Map Run has in all, once that is known.
    """

    branches: Sequence[Branch]
    total: int
    variables: Document = EMPTY
    concurrency: int = 0
    items: Document | None = None
    item_count: int | None = None


@dataclass(frozen=True, slots=True)
class ReadItems:
    """Read the next items of a Map Run, at most `limit`; comes back with ItemsRead or Raised.

    cursor: where reading goes on, None at the beginning. notes: what the state keeps meanwhile.
    """

    request: ItemRequest
    cursor: Json
    limit: int
    notes: Document


@dataclass(frozen=True, slots=True)
class WriteResults:
    """Write the next results of a Map Run; comes back with ResultsWritten or Raised.

    after: index of the last child whose result was written, -1 at the beginning. files: those
    written so far, by status, as the manifest shows them. notes: what the state keeps meanwhile.
    """

    request: ResultRequest
    after: int
    files: Json
    notes: Document


Effect = (
    Goto
    | Finish
    | Fail
    | Sleep
    | Retry
    | Call
    | ServiceCall
    | Offer
    | Callback
    | Fork
    | ReadItems
    | WriteResults
)


@dataclass(frozen=True, slots=True)
class Record:
    """One event of the execution history.

    `details` holds what the operation's own row does not: the input of a StateEntered and the
    output of a StateExited are those of the operation. at: ms since epoch.
    """

    id: int
    previous: int
    type: str
    at: int
    details: Json = None
