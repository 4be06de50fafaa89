"""What is legal but looks like a mistake: the warnings of ValidateStateMachineDefinition.

The codes are AWS's; the messages are our own, since none was recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from asl.language.choice_rules.operators import COMPARISONS
from asl.language.errors import ExpressionError
from asl.language.fields import Faults, Fields
from asl.language.jsonpath.paths import Path
from asl.language.scope import Json

NO_DOLLAR = "NO_DOLLAR"
NO_PATH = "NO_PATH"
PASS_RESULT_IS_STATIC = "PASS_RESULT_IS_STATIC"

_INTRINSIC = re.compile(r"States\.\w+\(.*\)", re.DOTALL)


def warn_of_template(fields: Fields, name: str) -> None:
    """NO_DOLLAR for what is read as text in a payload template, but looks like a reference."""
    for place, text in _strings(fields.value.get(name), fields.at(name), evaluated=False):
        if _is_reference(text):
            fields.faults.warn(
                NO_DOLLAR, f"'{text}' is taken as text: the name of the field lacks '.$'", place
            )


def warn_of_result(fields: Fields) -> None:
    """PASS_RESULT_IS_STATIC for a Result that looks as if it were evaluated."""
    for place, text in _strings(fields.value.get("Result"), fields.at("Result")):
        if _is_reference(text):
            fields.faults.warn(
                PASS_RESULT_IS_STATIC, f"'{text}' is taken as text: Result is not evaluated", place
            )


def warn_of_text(faults: Faults, name: str, value: Json, location: str) -> None:
    """NO_PATH for a text that looks like a path, in a field that has a `Path` twin."""
    if isinstance(value, str) and _is_reference(value):
        faults.warn(NO_PATH, f"'{value}' is taken as text: {name}Path would read it", location)


def warn_of_rule(faults: Faults, rule: Json, location: str) -> None:
    """NO_PATH for the literals of a JSONPath Choice rule, and of those within it."""
    if not isinstance(rule, dict):
        return
    for name, value in rule.items():
        if name in COMPARISONS:
            warn_of_text(faults, name, value, f"{location}/{name}")
        elif name == "Not":
            warn_of_rule(faults, value, f"{location}/Not")
        elif name in ("And", "Or") and isinstance(value, list):
            for index, item in enumerate(value):
                warn_of_rule(faults, item, f"{location}/{name}[{index}]")


def _is_reference(text: str) -> bool:
    if not text.startswith("$"):
        return _INTRINSIC.fullmatch(text) is not None
    try:
        Path.parse(text)
    except ExpressionError:
        return False
    return True


def _strings(value: Json, place: str, *, evaluated: bool = True) -> Iterator[tuple[str, str]]:
    """The strings in a value and their places; `evaluated`: also those under keys with `.$`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if evaluated or not key.endswith(".$"):
                yield from _strings(inner, f"{place}/{key}", evaluated=evaluated)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, f"{place}[{index}]", evaluated=evaluated)
    elif isinstance(value, str):
        yield place, value
