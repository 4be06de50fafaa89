"""What a process has counted and not yet written down.

A transition is not to wait for a counter. So what is counted is gathered here and written together
with something else, or now and then; a process that is killed takes the last of it along.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

FLUSH_SECONDS = 1  # how long counts may stay in a process that goes on being called

# Names of counters; a dot parts a name from its label.
TRANSITIONS = "transitions"
STARTED = "executions_started"
REDRIVEN = "executions_redriven"
ENDED = "executions_ended."  # the status
TASK_CALLS = "task_calls"
TASK_FAILURES = "task_failures"
EVICTED = "executions_evicted"
SHIPPED = "executions_shipped"
LATE_MS = "transition_delay_ms"
LATE_WITHIN = "transition_delay_within."  # the upper bound in ms, or +Inf

BOUNDS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 15_000, 60_000, 300_000)
BUCKETS = (*(f"{LATE_WITHIN}{bound}" for bound in BOUNDS_MS), f"{LATE_WITHIN}+Inf")


class Tally:
    """Counted into from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._written_at = 0

    def add(self, name: str, count: int = 1) -> None:
        if count:
            with self._lock:
                self._counts[name] += count

    def add_delay(self, ms: int) -> None:
        """How long after it was due a transition was made."""
        bucket = BUCKETS[bisect_left(BOUNDS_MS, ms)]
        with self._lock:
            self._counts[bucket] += 1
            self._counts[LATE_MS] += ms

    def is_due(self, now: int) -> bool:
        """Whether there is something that has been here long enough."""
        return bool(self._counts) and now - self._written_at >= FLUSH_SECONDS * 1000

    @contextmanager
    def taken(self, now: int) -> Iterator[Mapping[str, int]]:
        """What is to be written now; it is kept where that fails."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            yield counts
        except BaseException:
            with self._lock:
                self._counts.update(counts)
            raise
        if counts:
            self._written_at = now
