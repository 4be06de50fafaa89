"""What AWS's clients give with a definition beside it: logging, tracing, encryption.

It is checked, kept and echoed; logs go to the installation's own sink.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from asl.aws.errors import AwsError
from asl.language import jsontext
from asl.store.tables import StateMachineVersion

_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[^:]+:\d{12}:log-group:[^:]+(:\*)?")
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
    check_encryption(members)
    if "encryptionConfiguration" in members:
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
    """What is given, over the defaults; a log group is there when its ARN is one."""
    destinations = given.get("destinations", ())
    if len(destinations) > 1 or (given.get("level", "OFF") != "OFF" and not destinations):
        raise _bad_logging("Must specify exactly one Log Destination.")
    for destination in destinations:
        group = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        if not _LOG_GROUP.fullmatch(group):
            raise _bad_logging("Log Destination not found.")
    return NO_LOGGING | given


def _bad_logging(reason: str) -> AwsError:
    message = f"Invalid Logging Configuration: {reason}"
    return AwsError("InvalidLoggingConfiguration", message)


def check_encryption(members: Mapping[str, Any]) -> None:
    """InvalidEncryptionConfiguration for keys of KMS, which there are none of."""
    given = members.get("encryptionConfiguration", {})
    if given.get("type", "AWS_OWNED_KEY") != "AWS_OWNED_KEY":
        raise AwsError(
            "InvalidEncryptionConfiguration",
            "Only encryption of type AWS_OWNED_KEY is supported here",
        )
