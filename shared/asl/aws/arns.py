"""Amazon Resource Names read: which of our things one names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from asl.aws import errors

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):states:(?P<region>[^:]*):(?P<account>[^:]*):"
    r"(?P<type>[A-Za-z]+):(?P<name>[^:]+)(?::(?P<qualifier>[^:]+))?(?::(?P<rest>[^:]+))?",
    re.DOTALL,
)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")


@dataclass(frozen=True, slots=True)
class Arn:
    """A name of this service.

    type: `stateMachine`, `execution`, `express`, `activity`, `mapRun`. name: of the machine or the
    activity. qualifier: number of a published version or an alias, or the name of an execution.
    """

    text: str
    partition: str
    region: str
    account: str
    type: str
    name: str
    qualifier: str | None


def parse_arn(text: str, *types: str) -> Arn:
    """Read an ARN of one of these types; InvalidArn says what is wrong with it."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise errors.invalid_arn_prefix(text)
    if found["type"] not in types:
        raise errors.type_not_valid_here(found["type"])
    return Arn(
        text,
        found["partition"],
        found["region"],
        found["account"],
        found["type"],
        found["name"],
        found["qualifier"],
    )


def check_role(text: str) -> None:
    """A role is kept for AWS's sake; only its form is looked at."""
    if not _ROLE.fullmatch(text):
        raise errors.AwsError("InvalidArn", f"Invalid Role Arn: '{text}'")
