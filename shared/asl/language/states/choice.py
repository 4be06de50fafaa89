"""Choice: go where the data says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from asl.language.choice import Rule, parse_rule
from asl.language.dataflow import (
    JSONPATH,
    NOTHING,
    JsonPathFlow,
    Outflow,
    parse_assign,
    parse_query,
)
from asl.language.document import Document
from asl.language.effects import Effect
from asl.language.errors import StateError, runtime_fault
from asl.language.events import Event
from asl.language.fields import Fields
from asl.language.jsonata import expect, is_expression
from asl.language.jsonata_template import QueryTemplate
from asl.language.scope import Scope
from asl.language.states.state import Common, State
from asl.language.visit import Visit


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of Choices: its test, and where it leads.

    rule: the test of a JSONPath state; condition: that of a JSONata state, a literal or a query.
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
        value = self.condition.render(scope, "Condition")
        return bool(expect(value, "Condition", self.condition, "boolean"))


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
        scope = visit.scope(self._effective_input(visit).value)
        for option in self.options:
            if option.test(scope):
                output, variables = self.flow.passed(visit, self._outflow(option))
                return self.leave(visit, output, variables, next_=option.next)
        if self.default is None:
            raise no_choice_matched()
        output, variables = self.flow.passed(visit)
        return self.leave(visit, output, variables, next_=self.default)

    def _effective_input(self, visit: Visit) -> Document:
        if isinstance(self.flow, JsonPathFlow):
            return self.flow.effective_input(visit)
        return visit.token.input

    def _outflow(self, option: Option) -> Outflow:
        """The rule's Assign and Output; the state's own belong to Default (recorded)."""
        return option.outflow


def no_choice_matched() -> StateError:
    """The fault of a Choice without a match and without Default, in AWS's words [asl.md 2]."""
    return runtime_fault(
        "Failed to transition out of the state. The state does not point to a next state."
    )


def _parse_option(fields: Fields, language: str) -> Option:
    fields.require("Next")
    next_ = fields.text("Next") or ""
    assign = parse_assign(fields, language, NOTHING)
    if language == JSONPATH:
        fields.refuse(["Condition", "Output"], "in a state whose QueryLanguage is 'JSONPath'")
        rule = parse_rule(fields.value, fields.location, fields.faults.report, top_level=True)
        return Option(next_, Outflow(assign), rule=rule)
    fields.refuse(["Variable", "And", "Or", "Not"], "in a state whose QueryLanguage is 'JSONata'")
    outflow = Outflow(assign, parse_query(fields, "Output", NOTHING))
    fields.require("Condition")
    condition = fields.raw("Condition")
    if isinstance(condition, str) and is_expression(condition):
        condition = parse_query(fields, "Condition", NOTHING) or False
    elif not isinstance(condition, bool) and "Condition" in fields:
        fields.report("Condition must be a boolean or an expression", "Condition")
        condition = False
    fields.close()
    return Option(next_, outflow, condition=condition or False)
