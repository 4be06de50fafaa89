"""The faults of the language: in a definition, in an expression, in a running state."""

from collections.abc import Sequence
from dataclasses import dataclass

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
RUNTIME = "States.Runtime"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"
ITEM_READER_FAILED = "States.ItemReaderFailed"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
EXCEED_TOLERATED_FAILURE_THRESHOLD = "States.ExceedToleratedFailureThreshold"


class AslError(Exception):
    """The root of everything this library raises on purpose."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault of a definition, in the words of ValidateStateMachineDefinition.

    `location` is a JSON-pointer-like place such as `/States/Pay/Retry[0]/MaxAttempts`, or empty
    when the whole text is at fault.
    """

    code: str
    message: str
    location: str = ""
    severity: str = "ERROR"

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" at {self.location}" if self.location else "")


class DefinitionError(AslError):
    """A definition that cannot be stored; it carries every fault found, in document order."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__(", ".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class ExpressionError(AslError):
    """A path, an intrinsic call or a JSONata expression that does not parse; says why."""


class QueryError(ExpressionError):
    """JSONata that is not sound, with each of its faults; their locations are below the field."""

    def __init__(self, faults: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class StateError(AslError):
    """A state failed while it ran: `error` is what Retry and Catch match, `cause` the text.

    The cause is bare; `step` puts the state's name and event id before it where AWS does so
    (`prefixed`). `location` names the field of a JSONata expression, for EvaluationFailed.
    """

    def __init__(
        self,
        error: str | None,
        cause: str | None,
        *,
        prefixed: bool = False,
        location: str | None = None,
    ) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.prefixed = prefixed
        self.location = location


def runtime_fault(cause: str) -> StateError:
    """The error of a state that cannot go on for want of sense in its data (never caught)."""
    return StateError(RUNTIME, cause, prefixed=True)
