"""The context object of a tested state: made up, with what the request says put over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asl.aws import errors
from asl.aws.rehearsal.subject import ALONE
from asl.language import jsontext
from asl.language.scope import Json
from asl.language.visit import Moment, Token, Visit

NUMBER: tuple[type, ...] = (int, float)
ANY: tuple[type, ...] = (object,)
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "Execution": {
        "Id": (str,),
        "Input": ANY,
        "Name": (str,),
        "RoleArn": (str,),
        "StartTime": (str,),
        "RedriveCount": NUMBER,
        "RedriveTime": (str,),
    },
    "StateMachine": {"Id": (str,), "Name": (str,)},
    "State": {"EnteredTime": (str,), "Name": (str,), "RetryCount": NUMBER},
    "Task": {"Token": (str,)},
}
_KINDS = {str: "a string", int: "a number"}


def read_context(text: str | None) -> dict[str, Any]:
    """The context object a request gives; ValidationException for what AWS does not let in."""
    if text is None:
        return {}
    try:
        given = jsontext.loads(text)
    except jsontext.InvalidJson as fault:
        raise _invalid("The context object must be valid JSON") from fault
    if not isinstance(given, dict):
        raise _invalid("The context object must be a JSON object")
    if "Map" in given:
        raise _invalid("'Map' field is not supported when mocking a Context object")
    for part, values in given.items():
        _check_part(part, values)
    return given


def _check_part(part: str, values: Any) -> None:
    if part not in FIELDS:
        raise _invalid(f"Field '{part}' is not allowed")
    if not isinstance(values, dict):
        raise _invalid(f"{part} must be an object")
    for name, value in values.items():
        if name not in FIELDS[part]:
            raise _invalid(f"Field '{name}' is not allowed")
        types = FIELDS[part][name]
        if not isinstance(value, types):
            raise _invalid(f"{part}.{name} must be {_KINDS[types[0]]}")


def _invalid(reason: str) -> errors.AwsError:
    return errors.validation(f"Invalid Context object provided: {reason}")


class TestedVisit(Visit):
    """A visit whose context object says what the request wants it to say."""

    __test__ = False  # a class of the product, no test

    def __init__(self, token: Token, moment: Moment, given: Mapping[str, Any]) -> None:
        super().__init__(token, moment)
        self._given = given

    @property
    def context(self) -> dict[str, Json]:
        context = dict(super().context)
        state = context["State"] = {**context["State"], "Name": ALONE}
        if "RetryCount" in state:
            state["RetryCount"] = max(self.token.counters, default=0)
        role = self.token.execution.role_arn or None
        context["Execution"] = {**context["Execution"], "RoleArn": role}
        for part, values in self._given.items():
            context[part] = {**context.get(part, {}), **values}
        return context
