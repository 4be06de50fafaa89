"""One event met by one operation: what the state may read and what it writes down."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from asl.language import timestamps
from asl.language.document import EMPTY, Document
from asl.language.effects import Record
from asl.language.events import BranchFailed
from asl.language.map_run import MapRun, MapRunChange
from asl.language.progress import Progress
from asl.language.scope import Json, Scope


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """What the context object says of the run: `$$.Execution` and `$$.StateMachine`.

    started_at, redriven_at: ms since epoch. redrive_count is None where AWS shows none (Express).
    """

    id: str
    name: str
    input: Document
    started_at: int
    machine_id: str
    machine_name: str
    role_arn: str = ""
    redrive_count: int | None = 0
    redriven_at: int | None = None

    def child(self, label: str, name: str, input_: Document, started_at: int) -> ExecutionContext:
        """Of a child of one of its Map Runs; labels are those of the machine, however deep."""
        machine_id = self.machine_id.partition("/")[0]
        execution_id = machine_id.replace(":stateMachine:", ":execution:", 1)
        return replace(
            self,
            id=f"{execution_id}/{label}:{name}",
            name=name,
            input=input_,
            started_at=started_at,
            machine_id=f"{machine_id}/{label}",
            machine_name=f"{self.machine_name.partition('/')[0]}/{label}",
        )

    def map_run_arn(self, label: str, run_id: str) -> str:
        machine_id = self.machine_id.partition("/")[0]
        return f"{machine_id.replace(':stateMachine:', ':mapRun:', 1)}/{label}:{run_id}"

    def as_json(self) -> dict[str, Json]:
        execution: dict[str, Json] = {
            "Id": self.id,
            "Input": self.input.value,
            "StartTime": timestamps.format(self.started_at),
            "Name": self.name,
            "RoleArn": self.role_arn,
        }
        if self.redrive_count is not None:
            execution["RedriveCount"] = self.redrive_count
        if self.redriven_at is not None:
            execution["RedriveTime"] = timestamps.format(self.redriven_at)
        return {
            "Execution": execution,
            "StateMachine": {"Id": self.machine_id, "Name": self.machine_name},
        }


@dataclass(frozen=True, slots=True)
class Token:
    """One operation as the language sees it: a state, entered by one branch or iteration.

    previous_event, entered_event, last_event: ids of the event before the state was entered, of
    its StateEntered (0 before it) and of the newest event of its branch. counters: retries made so
    far, one number per retrier. index: of the branch or iteration. opens: it is the first
    operation of its branch. notes: what the state left for its next event.
    """

    operation: str
    state: str
    input: Document
    execution: ExecutionContext
    variables: Document = EMPTY
    index: int = 0
    opens: bool = False
    entered_at: int = 0
    previous_event: int = 0
    entered_event: int = 0
    last_event: int = 0
    counters: tuple[int, ...] = ()
    notes: Document | None = None

    @property
    def retry_count(self) -> int:
        return sum(self.counters)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the world hands in: the time (ms since epoch), chance, and the next event's id.

    most_events: how long the history may grow, None for no limit (Express). absent: the activity
    that is known not to exist, of those a Task may be offered to.
    """

    now: int
    random: Random = field(default_factory=lambda: Random(0))
    next_event: int = 1
    most_events: int | None = 25_000
    absent: str | None = None

    @property
    def history_is_full(self) -> bool:
        return self.most_events is not None and self.next_event >= self.most_events


class Visit:
    """The working place of a state for one event; made and thrown away by `step`."""

    def __init__(self, token: Token, moment: Moment) -> None:
        self.token = token
        self.moment = moment
        self.records: list[Record] = []
        self.entered_event = token.entered_event
        self.entered_at = token.entered_at or moment.now
        self.previous_event = token.previous_event
        self.last_event = token.last_event
        self.task_token: str | None = None
        self.shows_retry_count = False
        self.assigned: dict[str, Json] = {}
        self.branch_failed: BranchFailed | None = None
        self.joined_event: int | None = None
        self.progress: Progress | None = None
        self.map_run_opened: MapRun | None = None
        self.map_run_ended: str | None = None
        self._context: dict[str, Json] | None = None

    @property
    def input(self) -> Json:
        return self.token.input.value

    @property
    def variables(self) -> dict[str, Json]:
        variables: dict[str, Json] = self.token.variables.value
        return variables

    def record(self, type_: str, details: Json = None, *, previous: int | None = None) -> int:
        """Write an event down; it follows the last one of the branch unless `previous` is said."""
        id_ = self.moment.next_event + len(self.records)
        before = self.last_event if previous is None else previous
        self.records.append(Record(id_, before, type_, self.moment.now, details))
        self.last_event = id_
        return id_

    @property
    def context(self) -> dict[str, Json]:
        if self._context is None:
            self._context = self._build_context()
        return self._context

    def _build_context(self) -> dict[str, Json]:
        context = self.token.execution.as_json()
        state: dict[str, Json] = {
            "Name": self.token.state,
            "EnteredTime": timestamps.format(self.entered_at),
        }
        if self.shows_retry_count:
            state["RetryCount"] = self.token.retry_count
        context["State"] = state
        if self.task_token is not None:
            context["Task"] = {"Token": self.task_token}
        return context

    @property
    def map_run_change(self) -> MapRunChange | None:
        if self.map_run_opened is None and self.map_run_ended is None:
            return None
        return MapRunChange(self.map_run_opened, self.map_run_ended)

    def issue_task_token(self) -> str:
        """A new unguessable token, bound to this attempt of this operation."""
        self.task_token = f"{self.token.operation}.{self.moment.random.getrandbits(160):040x}"
        self._context = None
        return self.task_token

    def scope(self, data: Json, context: Json = None, **states: Json) -> Scope:
        """What an expression sees: `$` is `data`; `states` are result and errorOutput.

        context: in place of the visit's own (an ItemSelector has `Map` in it).
        """
        return Scope(
            data=data,
            context=self.context if context is None else context,
            variables=self.variables,
            random=self.moment.random,
            states={"input": self.input, **states},
        )

    def prefix(self, cause: str) -> str:
        """A cause with the state's name and place in the history before it, as AWS words it."""
        return (
            f"An error occurred while executing the state '{self.token.state}' "
            f"(entered at the event id #{self.entered_event}). {cause}"
        )
