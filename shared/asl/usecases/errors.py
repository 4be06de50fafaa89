"""What a use case refuses, by name; the endpoint turns the name into a status."""

from asl.language.errors import AslError, Diagnostic


class Refusal(AslError):
    """A request that cannot be met; `name` and `status` are part of the interface."""

    name = "InvalidInput"
    status = 400


class Unauthorized(Refusal):
    """The call came without a key, or with one that is none of ours."""

    name = "Unauthorized"
    status = 401


class InvalidInput(Refusal):
    """The request itself is wrong; the message names the field and the way out."""


class InvalidDefinition(Refusal):
    """The definition has faults; they are listed with their places."""

    name = "InvalidDefinition"
    status = 422

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__(
            "the definition has faults: " + "; ".join(str(fault) for fault in diagnostics)
        )
        self.diagnostics = diagnostics


class StateMachineDoesNotExist(Refusal):
    name = "StateMachineDoesNotExist"
    status = 404


class ExecutionDoesNotExist(Refusal):
    name = "ExecutionDoesNotExist"
    status = 404


class MapRunDoesNotExist(Refusal):
    name = "MapRunDoesNotExist"
    status = 404


class MapRunEnded(Refusal):
    name = "MapRunEnded"
    status = 409


class StateMachineAlreadyExists(Refusal):
    name = "StateMachineAlreadyExists"
    status = 409


class StateMachineDeleting(Refusal):
    name = "StateMachineDeleting"
    status = 409


class ExecutionAlreadyExists(Refusal):
    name = "ExecutionAlreadyExists"
    status = 409


class ExecutionNotRedrivable(Refusal):
    name = "ExecutionNotRedrivable"
    status = 409


class PayloadTooLarge(Refusal):
    name = "PayloadTooLarge"
    status = 413


class InvalidToken(Refusal):
    name = "InvalidToken"
    status = 400


class TaskTimedOut(Refusal):
    """The token was good once; its task has ended since."""

    name = "TaskTimedOut"
    status = 409
