"""What can happen to an operation: the event half of `state + event → effect`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asl.language.document import Document
from asl.language.item_request import ReadItem
from asl.language.scope import Json


@dataclass(frozen=True, slots=True)
class Entered:
    """The state is entered, for the first time on this visit."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The time a Wait asked for has passed."""


@dataclass(frozen=True, slots=True)
class Retried:
    """The delay before a retry has passed; the state does its work anew."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The work of a Task ended well. `output` is what the resource answered.

    call_id: the Fn call that made it, empty for a signal. headers: what the answer came with.
    """

    output: Document
    call_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job or callback was handed over; its result comes later. `output` is the answer so far."""

    output: Document


@dataclass(frozen=True, slots=True)
class Taken:
    """A worker has taken the work of an activity Task. worker: the name it gave, if any."""

    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """The work of a Task failed. Either text may be absent (SendTaskFailure without fields)."""

    error: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A Task gave no result in time, or (`heartbeat`) no sign of life."""

    heartbeat: bool = False


@dataclass(frozen=True, slots=True)
class Drained:
    """The iterations opened so far have ended, and more are to be opened, from index `opened`.

    items: what the Map noted when it opened the first ones.
    """

    opened: int
    items: Document | None


@dataclass(frozen=True, slots=True)
class Joined:
    """Every branch or iteration ended well. `outputs` in branch order; `last_event` the id of the
    last event they wrote.
    """

    outputs: Sequence[Document]
    last_event: int


@dataclass(frozen=True, slots=True)
class Aborted:
    """A branch or iteration that was ended because another one failed."""

    index: int
    state: str
    type: str


@dataclass(frozen=True, slots=True)
class BranchFailed:
    """A branch or iteration failed, and the rest was aborted. `last_event` reported the failure."""

    index: int
    state: str
    type: str
    error: str | None
    cause: str | None
    last_event: int
    aborted: Sequence[Aborted] = ()


@dataclass(frozen=True, slots=True)
class ItemsRead:
    """The next items of a Map Run were read. `ended`: there are no more."""

    items: Sequence[ReadItem]
    ended: bool


@dataclass(frozen=True, slots=True)
class ResultsWritten:
    """Results of a Map Run were written. after: index of the last child of them; None when they
    are complete, the manifest included. files: all that were written, by status.
    """

    after: int | None
    files: Json


@dataclass(frozen=True, slots=True)
class ThresholdExceeded:
    """More items of a Map Run failed than it bears; the rest was aborted."""


Event = (
    Entered
    | Elapsed
    | Retried
    | Returned
    | Submitted
    | Taken
    | Raised
    | TimedOut
    | Drained
    | Joined
    | BranchFailed
    | ItemsRead
    | ResultsWritten
    | ThresholdExceeded
)
