"""What a Task may call: the `Resource` string read once, into a value that says what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from asl.language.errors import ExpressionError

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_FN = re.compile(rf"(?:fn:)?(?:(?P<app>{_NAME})/)?(?P<name>{_NAME})")
_LAMBDA = re.compile(
    r"arn:aws[a-z-]*:lambda:[^:]*:[^:]*:function:(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[^:]+))?"
)
_ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[^:]*:[^:]*:activity:(?P<name>[^:]{1,80})")
_SERVICE = re.compile(
    r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(?P<type>(?:aws-sdk:)?[A-Za-z0-9-]+):(?P<action>[A-Za-z0-9]+)"
)

FUNCTIONS = frozenset({"fn", "lambda"})
"""The services that are functions: every installation can call them."""

ACTIVITY = "activity"
HTTP = "http"


class Pattern(StrEnum):
    """How long the state waits for what it called (service integration pattern)."""

    REQUEST_RESPONSE = ""
    SYNC = ".sync"
    SYNC_2 = ".sync:2"
    WAIT_FOR_TASK_TOKEN = ".waitForTaskToken"


class Dialect(StrEnum):
    """Whose error names and history events a function call speaks."""

    FN = "fn"
    LAMBDA = "lambda"


class Family(StrEnum):
    """How the history names the events of an attempt: this, and then Scheduled, Failed, …"""

    TASK = "Task"
    LAMBDA_FUNCTION = "LambdaFunction"
    ACTIVITY = "Activity"


@dataclass(frozen=True, slots=True)
class Resource:
    """A parsed `Resource`.

    text: as written. service: `fn`, `lambda`, `activity`, `states`, `http`, `aws-sdk:sfn` …
    action: what it is asked to do; of an activity, its name. app, function: the Fn function
    called; an empty function is named by the Task's arguments (`FunctionName`), an empty app is
    the execution's namespace.
    """

    text: str
    service: str
    action: str
    pattern: Pattern = Pattern.REQUEST_RESPONSE
    dialect: Dialect = Dialect.FN
    app: str = ""
    function: str = ""

    @property
    def family(self) -> Family:
        """What the events of its attempts are called."""
        if self.service == ACTIVITY:
            return Family.ACTIVITY
        if self.service == "lambda" and self.function and not self.pattern:
            return Family.LAMBDA_FUNCTION
        return Family.TASK

    @property
    def calls_function(self) -> bool:
        """Whether a function does the work, named here or by the Task's arguments."""
        return bool(self.function) or (self.service in FUNCTIONS and self.action == "invoke")

    @property
    def calls_url(self) -> bool:
        """Whether it is an HTTP Task: the Task's arguments name a URL."""
        return self.service == HTTP and not self.function

    @property
    def names_function(self) -> bool:
        """Whether the Task's arguments name the function: lambda:invoke."""
        return self.calls_function and not self.function


def parse_resource(text: str, registry: Mapping[str, str] | None = None) -> Resource:
    """Read a Resource; ExpressionError says which forms there are when it is none of them.

    registry: what a text stands for in this installation: the Resource of a function, by the text
    without its pattern. The history goes on to show what the definition says.
    """
    base, pattern = _split_pattern(text)
    known = (registry or {}).get(base)
    found = _parse_base(base) if known is None else _registered(base, known)
    return replace(found, text=text, pattern=pattern)


def _registered(base: str, known: str) -> Resource:
    """The function `known`, shown in the history as what `base` says where that is an ARN."""
    target = _parse_base(known)
    if not target.function:
        raise ExpressionError(f"The resource '{base}' stands for '{known}', which is no function")
    if not base.startswith("arn:"):
        return target
    shown = _parse_base(base)
    if shown.service == ACTIVITY:
        return target
    return replace(shown, app=target.app, function=target.function)


def _parse_base(base: str) -> Resource:
    """Read a Resource without a pattern."""
    if found := _LAMBDA.fullmatch(base):
        return Resource(base, "lambda", "invoke", dialect=Dialect.LAMBDA, function=found["name"])
    if found := _ACTIVITY.fullmatch(base):
        return Resource(base, ACTIVITY, found["name"])
    if found := _SERVICE.fullmatch(base):
        dialect = Dialect.LAMBDA if found["type"] == "lambda" else Dialect.FN
        return Resource(base, found["type"], found["action"], dialect=dialect)
    if found := _FN.fullmatch(base):
        return Resource(base, "fn", "invoke", app=found["app"] or "", function=found["name"])
    raise ExpressionError("Value is not a valid resource ARN, nor the name of a function")


def _split_pattern(text: str) -> tuple[str, Pattern]:
    for pattern in (Pattern.WAIT_FOR_TASK_TOKEN, Pattern.SYNC_2, Pattern.SYNC):
        if text.endswith(pattern.value):
            return text.removesuffix(pattern.value), pattern
    return text, Pattern.REQUEST_RESPONSE
