"""Choice: go where the data says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from asl.language.choice_rules.parsing import Rule, parse_rule
from asl.language.dataflow import (
    JSONATA,
    JSONPATH,
    NOTHING,
    Outflow,
    parse_assign,
    parse_query,
)
from asl.language.effects import Effect
from asl.language.errors import StateError, runtime_fault
from asl.language.events import Event
from asl.language.fields import Fields
from asl.language.jsonata.expression import expect, is_expression
from asl.language.jsonata.template import QueryTemplate
from asl.language.lint import warn_of_rule
from asl.language.scope import Scope
from asl.language.states.state import Common, State
from asl.language.visit import Visit


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of Choices: its test, and where it leads.

    rule: the test of a JSONPath state; condition: that of a JSONata state, a literal or a query.
    Errors name the entry by `outflow.within`.
    """

    next: str
    outflow: Outflow
    rule: Rule | None = None
    condition: bool | QueryTemplate = False

    def test(self, scope: Scope) -> bool:
        if self.rule is not None:
            return self.rule.test(scope)
        if isinstance(self.condition, bool):
            return self.condition
        field = f"{self.outflow.within}Condition"
        value = self.condition.render(scope, field)
        return bool(expect(value, field, self.condition, "boolean"))


@dataclass(frozen=True, kw_only=True)
class Choice(State):
    TYPE: ClassVar[str] = "Choice"
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"InputPath", "OutputPath", "Assign", "Output"}
    )

    options: tuple[Option, ...]
    default: str | None = None

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Choice:
        fields.require("Choices")
        options = [_parse_option(item, common.language) for item in fields.objects("Choices")]
        return cls(
            name=common.name,
            parent=common.parent,
            flow=common.flow,
            options=tuple(options),
            default=fields.text("Default"),
        )

    def targets(self) -> Iterator[tuple[str, str]]:
        for index, option in enumerate(self.options):
            yield option.next, f"Choices[{index}]/Next"
        if self.default is not None:
            yield self.default, "Default"

    def on(self, event: Event, visit: Visit) -> Effect:
        scope = visit.scope(self.flow.effective_input(visit).value)
        for option in self.options:
            if option.test(scope):
                return self._leave(visit, option.next, option.outflow)
        if self.default is None:
            raise no_choice_matched()
        return self._leave(visit, self.default, None)

    def _leave(self, visit: Visit, next_: str, outflow: Outflow | None) -> Effect:
        """Go on with the rule's Assign and Output; the state's own belong to Default (recorded)."""
        output, variables = self.flow.passed(visit, outflow)
        return self.leave(visit, output, variables, next_=next_)


def no_choice_matched() -> StateError:
    """The fault of a Choice without a match and without Default, in AWS's words."""
    return runtime_fault(
        "Failed to transition out of the state. The state does not point to a next state."
    )


TESTS = ("And", "Or", "Not", "Variable", "Condition")


def _parse_option(fields: Fields, language: str) -> Option:
    fields.require("Next")
    next_ = fields.text("Next") or ""
    within = fields.place_within
    assign = parse_assign(fields, language, NOTHING, within)
    if language == JSONPATH:
        fields.refuse_other_language(["Condition", "Output"], JSONPATH, JSONATA)
        return Option(next_, Outflow(assign), rule=_parse_test(fields))
    fields.refuse_other_language(["Variable", "And", "Or", "Not"], JSONATA, JSONPATH)
    outflow = Outflow(assign, parse_query(fields, "Output", NOTHING), within)
    fields.require("Condition")
    option = Option(next_, outflow, condition=_parse_condition(fields))
    fields.close()
    return option


def _parse_test(fields: Fields) -> Rule | None:
    found = [name for name in TESTS if name in fields]
    if found == ["Condition"]:  # reported already
        return None
    if len(found) != 1:
        listed = ", ".join(TESTS)
        fields.report(f"The object must have only one of the following fields, [{listed}]")
        return None
    rule = parse_rule(fields.value, fields.location, fields.faults.report, top_level=True)
    warn_of_rule(fields.faults, fields.value, fields.location)
    for path in rule.paths() if rule is not None else ():
        fields.names.read |= path.names_variables()
    return rule


def _parse_condition(fields: Fields) -> bool | QueryTemplate:
    condition = fields.raw("Condition")
    if isinstance(condition, str) and is_expression(condition):
        return parse_query(fields, "Condition", NOTHING) or False
    if isinstance(condition, bool):
        return condition
    if "Condition" in fields:
        fields.report("Condition must be a boolean or a JSONata expression", "Condition")
    return False
