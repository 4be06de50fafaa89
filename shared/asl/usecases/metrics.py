"""metrics: how the installation stands and what it has done, as Prometheus reads it.

Gauges are asked of the database at each scrape. Counters are kept there too (`tally`), because a
function's process ends when nobody calls it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from asl.store.rows import ENDED
from asl.store.stuck import Reason
from asl.usecases import tally
from asl.usecases.common import Command
from asl.usecases.services import Services
from asl.usecases.stuck import times_of

PREFIX = "fn_states_"
MINUTE_MS = 60_000
MOST_STUCK = 1000  # counted as far as this, of each reason

COUNTERS = {
    tally.STARTED: "Executions that began to run.",
    tally.REDRIVEN: "Executions redriven.",
    tally.TRANSITIONS: "Transitions made.",
    tally.TASK_CALLS: "Calls of task functions that were answered or failed.",
    tally.TASK_FAILURES: "Calls of task functions that failed.",
    tally.EVICTED: "Executions evicted.",
    tally.SHIPPED: "Executions shipped to the log sink.",
}


class Metrics(Command, frozen=True):
    """Takes nothing."""


def metrics(_command: Metrics, services: Services) -> str:
    """Answers the text format of Prometheus, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(Figures(services))
    return generate_latest(registry).decode()


class Figures(Collector):
    """Read anew each time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._now = services.now()

    def collect(self) -> Iterator[Metric]:
        counts = self._services.store.counters.all()
        yield from self._gauges()
        yield self._stuck()
        yield from _counters(counts)
        yield _ended(counts)
        yield _delay(counts)

    def _gauges(self) -> Iterator[Metric]:
        gauges, now = self._services.store.gauges, self._now
        kept = _gauge("executions", "Executions that are kept, by status.", "status")
        for status, count in gauges.executions().items():
            kept.add_metric([status], count)
        yield kept
        backlog = gauges.backlog(now)
        yield _single("due_operations", "Operations that want attention now.", backlog.operations)
        waited = 0.0 if backlog.since is None else (now - backlog.since) / 1000
        yield _single("due_oldest_seconds", "How long the oldest of them has waited.", waited)
        yield _single("runners", "Step-runners at work or invited.", gauges.runners(now))
        queued = _gauge("queue_executions", "Executions of limited queues.", "queue", "state")
        for length in gauges.queues():
            state = "admitted" if length.admitted else "waiting"
            queued.add_metric([length.queue, state], length.executions)
        yield queued

    def _stuck(self) -> Metric:
        text = f"Entries of the stuck list, by reason; counted as far as {MOST_STUCK}."
        found = _gauge("stuck", text, "reason")
        for reason, count in _stuck_counts(self._services, self._now // MINUTE_MS).items():
            found.add_metric([reason], count)
        return found


@lru_cache(maxsize=1)
def _stuck_counts(services: Services, _minute: int) -> Mapping[Reason, int]:
    """Counted once a minute: it looks at every run that began long ago and is in flight."""
    times = times_of(services, services.now())
    return {reason: services.store.stuck.count(reason, times, MOST_STUCK) for reason in Reason}


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, labels=labels)


def _single(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _counters(counts: Mapping[str, int]) -> Iterator[Metric]:
    for name, text in COUNTERS.items():
        yield CounterMetricFamily(PREFIX + name, text, value=counts.get(name, 0))


def _ended(counts: Mapping[str, int]) -> Metric:
    text = "Executions that ended, by status."
    ended = CounterMetricFamily(f"{PREFIX}executions_ended", text, labels=["status"])
    for status in ENDED:
        ended.add_metric([status], counts.get(f"{tally.ENDED}{status}", 0))
    return ended


def _delay(counts: Mapping[str, int]) -> Metric:
    """A bucket of a histogram holds those of all smaller ones too."""
    buckets: list[tuple[str, float]] = []
    made = 0
    bounds = (*(str(bound / 1000) for bound in tally.BOUNDS_MS), "+Inf")
    for bound, bucket in zip(bounds, tally.BUCKETS, strict=True):
        made += counts.get(bucket, 0)
        buckets.append((bound, made))
    return HistogramMetricFamily(
        f"{PREFIX}transition_delay_seconds",
        "From when a transition was due until it was made.",
        buckets=buckets,
        sum_value=counts.get(tally.LATE_MS, 0) / 1000,
    )
