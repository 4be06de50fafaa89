"""Parallel: do several things at once, and go on when all are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from asl.language.document import Document
from asl.language.effects import Branch, Fork
from asl.language.events import Drained
from asl.language.fields import Fields
from asl.language.limits import joined
from asl.language.states.container import Container
from asl.language.states.state import Common
from asl.language.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Parallel(Container):
    """branches: the first state of each."""

    TYPE: ClassVar[str] = "Parallel"
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Assign",
         "Arguments", "Output", "Result"}
    )  # fmt: skip

    branches: tuple[str, ...]

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Parallel:
        fields.require("Branches")
        branches = [
            common.machine.parse_branch(branch, common.name)
            for branch in fields.objects("Branches")
        ]
        return cls(
            name=common.name,
            parent=common.parent,
            flow=common.flow,
            next=common.next,
            recovery=common.recovery,
            branches=tuple(branches),
        )

    def open(self, visit: Visit) -> Fork:
        """Every branch gets the whole effective input."""
        arguments = self.flow.arguments(visit)
        visit.record("ParallelStateStarted")
        branches = [Branch(index, start, arguments) for index, start in enumerate(self.branches)]
        return Fork(branches, len(branches), visit.token.variables)

    def open_more(self, visit: Visit, event: Drained) -> Fork:
        raise TypeError("a Parallel opens all its branches at once")

    def combine(self, outputs: Sequence[Document]) -> Document:
        """An output that no state has touched keeps its blanks (recorded)."""
        return joined(output.text for output in outputs)
