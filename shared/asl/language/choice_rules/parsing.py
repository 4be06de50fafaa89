"""Reading the rules of a JSONPath Choice state [specification, Choice]."""

from __future__ import annotations

from collections.abc import Callable

from asl.language.choice_rules.operators import COMPARISONS, TYPE_TESTS, Wildcards
from asl.language.choice_rules.rules import (
    And,
    Comparison,
    IsPresent,
    Matches,
    Not,
    Or,
    PathComparison,
    Rule,
    TypeTest,
)
from asl.language.errors import ExpressionError
from asl.language.jsonpath.paths import Path
from asl.language.scope import Json

__all__ = ["Report", "Rule", "parse_rule"]

Report = Callable[[str, str], None]
"""Takes the message of a fault and its location in the definition."""

_COMBINED = ("And", "Or", "Not")
_TRANSITION_FIELDS = frozenset(("Next", "Assign", "Output", "Condition"))


def parse_rule(obj: Json, location: str, report: Report, top_level: bool) -> Rule | None:
    """The test of a Choice rule; every fault goes to `report`, and then there may be no rule.

    Next, Assign, Output and Condition belong to the state, not to the test: passed over in a
    top-level rule, reported in a nested one.
    """
    if not isinstance(obj, dict):
        report("Expected value of type Object", location)
        return None
    fields = {
        name: value
        for name, value in obj.items()
        if name != "Comment" and not (top_level and name in _TRANSITION_FIELDS)
    }
    combined = [name for name in _COMBINED if name in fields]
    if not combined:
        return _parse_test(fields, location, report)
    name = combined[0]
    for other in fields:
        if other != name:
            report(f"Field '{other}' is not supported", location)
    return _parse_combined(name, fields[name], f"{location}/{name}", report)


def _parse_combined(name: str, value: Json, location: str, report: Report) -> Rule | None:
    if name == "Not":
        rule = parse_rule(value, location, report, top_level=False)
        return None if rule is None else Not(rule)
    if not isinstance(value, list):
        report("Expected value of type Array", location)
        return None
    if not value:
        report("Value cannot be empty", location)
        return None
    parsed = [
        parse_rule(item, f"{location}[{index}]", report, top_level=False)
        for index, item in enumerate(value)
    ]
    rules = tuple(rule for rule in parsed if rule is not None)
    return And(rules) if name == "And" else Or(rules)


def _parse_test(fields: dict[str, Json], location: str, report: Report) -> Rule | None:
    operators = [name for name in fields if name in _PARSERS]
    for name in fields:
        if name != "Variable" and name not in operators:
            report(f"Field '{name}' is not supported", location)
    if "Variable" not in fields:
        report("The field 'Variable' is required but was missing", location)
    if len(operators) > 1:
        listed = ", ".join(operators)
        report(f"There should only be one of the following fields: [{listed}]", location)
    elif not operators:
        report("Exactly one comparison operator is required", location)
    if "Variable" not in fields or len(operators) != 1:
        return None
    variable = _parse_path(fields["Variable"], f"{location}/Variable", report)
    name = operators[0]
    if variable is None:
        return None
    return _PARSERS[name](name, variable, fields[name], f"{location}/{name}", report)


def _parse_path(value: Json, location: str, report: Report) -> Path | None:
    if not isinstance(value, str):
        report("Expected value of type String", location)
        return None
    if not value.startswith("$"):
        why = "Reference path didn't start with '$'"
        report(f"Value is not a Reference Path: {why}", location)
        return None
    try:
        return Path.parse(value)
    except ExpressionError:
        report("Value is not a valid JSONPath", location)
        return None


Parser = Callable[[str, Path, Json, str, Report], Rule | None]


def _comparison(
    name: str, variable: Path, value: Json, location: str, report: Report
) -> Rule | None:
    operator = COMPARISONS[name]
    key = operator.family.key(value)
    if key is None:
        report(operator.family.complaint, location)
        return None
    return Comparison(variable, operator, key)


def _path_comparison(
    name: str, variable: Path, value: Json, location: str, report: Report
) -> Rule | None:
    other = _parse_path(value, location, report)
    operator = COMPARISONS[name.removesuffix("Path")]
    return None if other is None else PathComparison(variable, operator, other)


def _matches(_: str, variable: Path, value: Json, location: str, report: Report) -> Rule | None:
    if not isinstance(value, str):
        report("Expected value of type String", location)
        return None
    return Matches(variable, Wildcards.parse(value))


def _type_test(
    name: str, variable: Path, value: Json, location: str, report: Report
) -> Rule | None:
    if not isinstance(value, bool):
        report("Expected value of type Boolean", location)
        return None
    if name == "IsPresent":
        return IsPresent(variable, value)
    return TypeTest(variable, TYPE_TESTS[name], value)


_PARSERS: dict[str, Parser] = {
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys((f"{name}Path" for name in COMPARISONS), _path_comparison),
    **dict.fromkeys(("IsPresent", *TYPE_TESTS), _type_test),
    "StringMatches": _matches,
}
"""How each operator of a data-test rule is read."""
