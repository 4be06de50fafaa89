"""What a Fn server answers when a request cannot be served: status and message, word for word.

The texts are those of fnproject/fn (api/models), as its clients see them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of refusal: the HTTP status and the ``message`` of the JSON body."""

    status: int
    message: str


class FnError(Exception):
    """Raised wherever a request ends in a ``Fault``; becomes ``{"message": …}``."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.status = fault.status
        self.message = fault.message


class GatewayError(Exception):
    """The gateway cannot start or go on; the message is one line for the person at the keyboard."""


MAX_MEMORY = 8192
MAX_TIMEOUT = 300
MAX_IDLE_TIMEOUT = 3600
MAX_NAME_LENGTH = 255

INVALID_JSON = Fault(400, "Invalid JSON")

APP_NOT_FOUND = Fault(404, "App not found")
APP_EXISTS = Fault(409, "App already exists")
APP_ID_GIVEN = Fault(400, "App ID cannot be supplied on create")
APP_ID_MISMATCH = Fault(400, "App ID in path does not match ID in body")
APP_NAME_MISSING = Fault(400, "Missing Name")
APP_NAME_INVALID = Fault(400, "Invalid app name")
APP_NAME_TOO_LONG = Fault(400, f"App name must be {MAX_NAME_LENGTH} characters or less")
APP_NAME_IMMUTABLE = Fault(409, "Could not update - name is immutable")

FN_NOT_FOUND = Fault(404, "Fn not found")
FN_EXISTS = Fault(409, "Fn with specified name already exists")
FN_ID_GIVEN = Fault(400, "ID cannot be provided for Fn creation")
FN_ID_MISMATCH = Fault(400, "Fn ID in path does not match that in body")
FN_APP_ID_MISSING = Fault(400, "Missing AppID on Fn")
FN_NAME_MISSING = Fault(400, "Missing Fn name")
FN_NAME_INVALID = Fault(400, "name must be a valid string")
FN_NAME_TOO_LONG = Fault(400, f"Fn name must be {MAX_NAME_LENGTH} characters or less")
FN_IMAGE_MISSING = Fault(400, "Missing image on Fn")
FN_MEMORY_INVALID = Fault(
    400, f"memory value is out of range. It should be between 0 and {MAX_MEMORY}"
)
FN_TIMEOUT_INVALID = Fault(
    400, f"timeout value is out of range, must be between 0 and {MAX_TIMEOUT}"
)
FN_IDLE_TIMEOUT_INVALID = Fault(
    400, f"idle_timeout value is out of range, must be between 0 and {MAX_IDLE_TIMEOUT}"
)

TRIGGER_NOT_FOUND = Fault(404, "Trigger not found")
TRIGGER_EXISTS = Fault(409, "Trigger already exists")
TRIGGER_SOURCE_EXISTS = Fault(409, "Trigger with the same type and source exists on this app")
TRIGGER_ID_GIVEN = Fault(400, "ID cannot be provided for Trigger creation")
TRIGGER_ID_MISMATCH = Fault(400, "ID in path does not match ID in body")
TRIGGER_APP_ID_MISSING = Fault(400, "Missing App ID on Trigger")
TRIGGER_FN_ID_MISSING = Fault(400, "Missing Fn ID on Trigger")
TRIGGER_FN_OF_OTHER_APP = Fault(400, "Invalid Fn ID - not owned by specified app")
TRIGGER_NAME_MISSING = Fault(400, "Missing name on Trigger")
TRIGGER_NAME_INVALID = Fault(400, "Invalid name for Trigger")
TRIGGER_NAME_TOO_LONG = Fault(400, f"Trigger name must be {MAX_NAME_LENGTH} characters or less")
TRIGGER_TYPE_UNKNOWN = Fault(400, "Trigger Type Not Supported")
TRIGGER_SOURCE_MISSING = Fault(400, "Missing Trigger Source")
TRIGGER_SOURCE_PREFIX = Fault(400, "Missing Trigger Source Prefix '/'")

ANNOTATION_KEY_INVALID = Fault(
    400,
    "Invalid annotation key, annotation keys must be non-empty ascii strings excluding whitespace",
)
ANNOTATION_VALUE_INVALID = Fault(
    400,
    "Invalid annotation value, annotation values may only be non-empty strings, numbers, "
    "objects, or arrays",
)
ANNOTATION_VALUE_TOO_LONG = Fault(
    400,
    "Invalid annotation value length, annotation values may not be larger than 512 bytes "
    "when serialized as JSON",
)

FUNCTION_FAILED = Fault(502, "function failed")
FUNCTION_RESPONSE = Fault(502, "error receiving function response")
FUNCTION_INVALID_RESPONSE = Fault(502, "invalid function response")
FUNCTION_WRITE_REQUEST = Fault(502, "function closed pipe while receiving request")
INIT_FAILED = Fault(
    502,
    "Container failed to initialize, please ensure you are using the latest fdk and check the logs",
)
INIT_TIMED_OUT = Fault(
    504,
    "Container initialization timed out, please ensure you are using the latest fdk and "
    "check the logs",
)
TIMED_OUT = Fault(504, "Timed out")
SERVER_TOO_BUSY = Fault(503, "Timed out - server too busy")
SHUTTING_DOWN = Fault(503, "server is shutting down")


def image_not_found(image: str) -> Fault:
    """An ``image`` that names no folder of this machine (Fn: an image that cannot be pulled)."""
    return Fault(404, f"Failed to pull image '{image}': no such folder")


def request_too_large(length: int, limit: int) -> Fault:
    return Fault(413, f"Content-Length too large for this server, {length} > max {limit}")


def path_not_found(method: str, path: str) -> Fault:
    return Fault(404, f"Path not found: {method} {path}")


def method_not_allowed(method: str, path: str) -> Fault:
    return Fault(405, f"Method not allowed: {method} {path}")
