"""A Map Run: what a Distributed Map does with its items, as children of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many items may fail: by count, by percentage of all, or (neither is set) none.

    With both set the first one that is crossed fails the run.
    """

    count: int | None = None
    percentage: float | None = None

    def is_exceeded(self, failed: int, total: int | None) -> bool:
        """Whether `failed` items are too many; of a total that is not known yet, only for sure."""
        if failed == 0:
            return False
        if self.count is None and self.percentage is None:
            return True
        if self.count is not None and failed > self.count:
            return True
        if self.percentage is None:
            return False
        if total is None:
            return self.percentage == 0
        return failed * 100 > self.percentage * total


@dataclass(frozen=True, slots=True)
class MapRun:
    """A run that is opened. id: a UUID. express: its children run whole, in memory.

    concurrency: how many children may run at a time, 0 for no limit.
    """

    id: str
    label: str
    express: bool = False
    concurrency: int = 0
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass(frozen=True, slots=True)
class MapRunChange:
    """What one transition makes of a state's Map Run: it opens one, or ends it, or both.

    ended: SUCCEEDED or FAILED.
    """

    opened: MapRun | None = None
    ended: str | None = None
