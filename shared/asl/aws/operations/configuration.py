"""What AWS's clients give with a definition beside it: logging, tracing, encryption.

It is checked, kept and echoed; logs go to the installation's own sink.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asl.aws.errors import AwsError
from asl.language import jsontext
from asl.store.tables import StateMachineVersion

NO_LOGGING = {"level": "OFF", "includeExecutionData": False}
NO_TRACING = {"enabled": False}
FIELDS = ("loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


def read_configuration(
    members: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The configuration a request asks for, over the one there was `before`."""
    configuration = dict(before or default_configuration())
    if "loggingConfiguration" in members:
        configuration["loggingConfiguration"] = _logging(members["loggingConfiguration"])
    if "tracingConfiguration" in members:
        configuration["tracingConfiguration"] = NO_TRACING | members["tracingConfiguration"]
    if "encryptionConfiguration" in members:
        _check_encryption(members["encryptionConfiguration"])
        configuration["encryptionConfiguration"] = members["encryptionConfiguration"]
    return configuration


def default_configuration() -> dict[str, Any]:
    return {"loggingConfiguration": NO_LOGGING, "tracingConfiguration": NO_TRACING}


def kept_configuration(version: StateMachineVersion) -> dict[str, Any]:
    """What is kept with a version; one that was stored by other means has the defaults."""
    if version.configuration is None:
        return default_configuration()
    configuration: dict[str, Any] = jsontext.loads(version.configuration)
    return configuration


def _logging(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("level", "OFF") != "OFF" and len(given.get("destinations", ())) != 1:
        raise AwsError(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        )
    return NO_LOGGING | given


def _check_encryption(given: Mapping[str, Any]) -> None:
    if given["type"] != "AWS_OWNED_KEY":
        raise AwsError(
            "InvalidEncryptionConfiguration",
            "Only encryption of type AWS_OWNED_KEY is supported here",
        )
