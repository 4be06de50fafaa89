"""The numbers of a Map that TestState shows, and weighs failed iterations against."""

from __future__ import annotations

from dataclasses import dataclass

from asl.aws.rehearsal.subject import Subject
from asl.language.errors import StateError
from asl.language.fields import Faults, Fields
from asl.language.quantity import parse_quantity
from asl.language.visit import Visit


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a Map; None where the state sets no threshold. concurrency 0: as many as there are."""

    concurrency: int = 0
    count: int | None = None
    percentage: float | None = None

    def are_exceeded(self, failed: int, total: int) -> bool:
        """Whether so many failed iterations are more than the state bears."""
        if self.count is not None and failed > self.count:
            return True
        return self.percentage is not None and failed * 100 > self.percentage * total

    def as_json(self) -> dict[str, int | float]:
        shown: dict[str, int | float] = {"maxConcurrency": self.concurrency}
        if self.count is not None:
            shown["toleratedFailureCount"] = self.count
        if self.percentage is not None:
            shown["toleratedFailurePercentage"] = self.percentage
        return shown


def read_limits(subject: Subject, visit: Visit) -> Limits:
    """The numbers of a Map; those that the data does not give are left to the state's own fault."""
    if subject.type != "Map":
        return Limits()
    percentage = subject.definition.get("ToleratedFailurePercentage")
    if not isinstance(percentage, int | float):
        percentage = _read(subject, visit, "ToleratedFailurePercentage")
    return Limits(
        _read(subject, visit, "MaxConcurrency") or 0,
        _read(subject, visit, "ToleratedFailureCount"),
        None if percentage is None else float(percentage),
    )


def _read(subject: Subject, visit: Visit, name: str) -> int | None:
    flow = subject.state.flow
    fields = Fields(subject.definition, "", Faults())
    quantity = parse_quantity(fields, name, flow.language)
    try:
        effective = flow.effective_input(visit)
        return None if quantity is None else quantity.read(visit.scope(effective.value))
    except StateError:
        return None
