"""What the API refuses, by the names and in the words of AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asl.language.errors import AslError, Diagnostic


class AwsError(AslError):
    """An answer of HTTP status 400 and up; `code` is what clients compare.

    members: what the model gives the error beside its message.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, members: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = members or {}


def validation(message: str, reason: str | None = None) -> AwsError:
    """reason: one of those that the model has for ValidationException."""
    return AwsError(
        "ValidationException", message, members=None if reason is None else {"reason": reason}
    )


def labelled_arn(arn: str) -> AwsError:
    return validation(
        f"This operation does not support labeled state machine ARNs: '{arn}'",
        "API_DOES_NOT_SUPPORT_LABELED_ARNS",
    )


def invalid_routing(message: str) -> AwsError:
    return validation(message, "INVALID_ROUTING_CONFIGURATION")


def invalid_arn(inner: str) -> AwsError:
    return AwsError("InvalidArn", f"Invalid Arn: '{inner}'")


def invalid_arn_prefix(given: str) -> AwsError:
    return invalid_arn(f"Invalid ARN prefix: {given}")


def type_not_valid_here(type_: str) -> AwsError:
    return invalid_arn(f"Resource type not valid in this context: {type_}")


def invalid_name(name: str) -> AwsError:
    return AwsError("InvalidName", f"Invalid Name: '{name}'")


def invalid_token() -> AwsError:
    return AwsError("InvalidToken", "Invalid Token: 'Invalid token'")


def invalid_output(inner: str) -> AwsError:
    return AwsError("InvalidOutput", f"Invalid Output: '{inner}'")


def invalid_definition(diagnostics: Sequence[Diagnostic]) -> AwsError:
    """A fault of the whole text is `at null`, as AWS's parser has it."""
    faults = ", ".join(
        f"{fault.code}: {fault.message} at {fault.location or 'null'}" for fault in diagnostics
    )
    return AwsError("InvalidDefinition", f"Invalid State Machine Definition: '{faults}'")


def invalid_execution_input(inner: str) -> AwsError:
    return AwsError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{inner}'")


def state_machine_does_not_exist(arn: str) -> AwsError:
    return AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def state_machine_already_exists(arn: str) -> AwsError:
    return AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")


def state_machine_deleting(arn: str) -> AwsError:
    return AwsError("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")


def type_not_supported() -> AwsError:
    return AwsError(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


def execution_does_not_exist(arn: str) -> AwsError:
    return AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def execution_already_exists(arn: str) -> AwsError:
    return AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")


def activity_does_not_exist(arn: str) -> AwsError:
    return AwsError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def resource_not_found(arn: str) -> AwsError:
    return AwsError(
        "ResourceNotFound", f"Resource not found: '{arn}'", members={"resourceName": arn}
    )


def no_such_reference() -> AwsError:
    return AwsError("ResourceNotFound", "Request references a resource that does not exist.")


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message)
