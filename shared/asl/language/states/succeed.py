"""Succeed: end the branch or the execution well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from asl.language.effects import Effect
from asl.language.events import Event
from asl.language.fields import Fields
from asl.language.states.state import Common, State
from asl.language.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Succeed(State):
    TYPE: ClassVar[str] = "Succeed"
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset({"InputPath", "OutputPath", "Output"})

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Succeed:  # noqa: ARG003
        return cls(name=common.name, parent=common.parent, flow=common.flow)

    def on(self, event: Event, visit: Visit) -> Effect:
        output, variables = self.flow.passed(visit)
        return self.leave(visit, output, variables)
