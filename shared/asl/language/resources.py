"""What a Task may call: the `Resource` string read once, into a value that says what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from asl.language.errors import ExpressionError

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_FN = re.compile(rf"(?:fn:)?(?:(?P<app>{_NAME})/)?(?P<name>{_NAME})")
_LAMBDA = re.compile(
    r"arn:aws[a-z-]*:lambda:[^:]*:[^:]*:function:(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[^:]+))?"
)
_SERVICE = re.compile(
    r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(?P<type>(?:aws-sdk:)?[A-Za-z0-9-]+):(?P<action>[A-Za-z0-9]+)"
)


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


@dataclass(frozen=True, slots=True)
class Resource:
    """A parsed `Resource`.

    text: as written. service: `fn`, `lambda`, `states`, `http`, `aws-sdk:sfn` … action: what it is
    asked to do. app, function: the Fn function called; an empty function is named by the Task's
    arguments (`FunctionName`), an empty app is the execution's namespace.
    """

    text: str
    service: str
    action: str
    pattern: Pattern = Pattern.REQUEST_RESPONSE
    dialect: Dialect = Dialect.FN
    app: str = ""
    function: str = ""

    @property
    def is_function_arn(self) -> bool:
        """Whether the history shows LambdaFunction… events for it rather than Task… ones."""
        return self.dialect is Dialect.LAMBDA and bool(self.function)


def parse_resource(text: str) -> Resource:
    """Read a Resource; ExpressionError says which forms there are when it is none of them."""
    base, pattern = _split_pattern(text)
    if found := _LAMBDA.fullmatch(base):
        return Resource(text, "lambda", "invoke", pattern, Dialect.LAMBDA, function=found["name"])
    if found := _SERVICE.fullmatch(base):
        if (found["type"], found["action"]) == ("lambda", "invoke"):
            return Resource(text, "lambda", "invoke", pattern, Dialect.LAMBDA)
        raise ExpressionError(f"The resource '{text}' is not supported by this installation")
    if found := _FN.fullmatch(base):
        return Resource(
            text, "fn", "invoke", pattern, app=found["app"] or "", function=found["name"]
        )
    raise ExpressionError(
        f"The resource '{text}' is neither a function name, 'fn:app/function' nor a supported ARN"
    )


def _split_pattern(text: str) -> tuple[str, Pattern]:
    for pattern in (Pattern.WAIT_FOR_TASK_TOKEN, Pattern.SYNC_2, Pattern.SYNC):
        if text.endswith(pattern.value):
            return text.removesuffix(pattern.value), pattern
    return text, Pattern.REQUEST_RESPONSE
