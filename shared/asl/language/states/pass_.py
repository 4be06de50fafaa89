"""Pass: hand the input on, or a fixed result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from asl.language.dataflow import JSONPATH
from asl.language.document import Document
from asl.language.effects import Effect
from asl.language.events import Event
from asl.language.fields import Fields
from asl.language.lint import warn_of_result
from asl.language.states.state import Common, State
from asl.language.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Pass(State):
    """`result` is copied verbatim: its keys that end in `.$` are data (recorded)."""

    TYPE: ClassVar[str] = "Pass"
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"InputPath", "Parameters", "ResultPath", "OutputPath", "Assign", "Output"}
    )

    result: Document | None = None

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Pass:
        result = None
        if common.language == JSONPATH and "Result" in fields:
            result = Document(fields.raw("Result"))
            warn_of_result(fields)
        return cls(
            name=common.name,
            parent=common.parent,
            flow=common.flow,
            next=common.next,
            result=result,
        )

    def on(self, event: Event, visit: Visit) -> Effect:
        if self.flow.language == JSONPATH:
            arguments = self.flow.arguments(visit)
            output, variables = self.flow.result(visit, self.result or arguments)
        else:
            output, variables = self.flow.passed(visit)
        return self.leave(visit, output, variables)
