"""evictor: ship the runs whose retention is over, then remove them, in small batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from asl.usecases import tally
from asl.usecases.common import Command
from asl.usecases.services import Services
from asl.usecases.shipping import Shipper
from asl.usecases.transitions import again

MARGIN_SECONDS = 5  # of the deadline


class Evict(Command, frozen=True):
    """dry_run: only count."""

    dry_run: bool = False


def evict(command: Evict, services: Services, deadline: int) -> dict[str, Any]:
    """Answers how many runs were `shipped` and `evicted`, how many deleted `machines` were
    forgotten, and how many runs are `left`; `failed` and `reason` where the sink refused some.

    A run is removed once its record has arrived and that has been written down. Killed at any
    point, nothing is lost: what was shipped and not marked is shipped again.
    """
    retention = services.settings.retention_days
    if command.dry_run:
        return _would_evict(services, retention)
    evictor = Evictor(services, deadline - MARGIN_SECONDS * 1000)
    evicted = evictor.run()
    machines = again(services.store.eviction.evict_machines)
    left, _ = services.store.eviction.count(services.now(), retention)
    services.tally.add(tally.SHIPPED, evictor.shipped)
    services.tally.add(tally.EVICTED, evicted)
    counts = {"shipped": evictor.shipped, "evicted": evicted, "machines": machines, "left": left}
    return counts | evictor.failures


def _would_evict(services: Services, retention: int) -> dict[str, Any]:
    old, closed = services.store.eviction.count(services.now(), retention)
    would_ship = 0 if services.log_sink is None else old - closed
    return {"would_ship": would_ship, "would_evict": old, "shipped": 0, "evicted": 0, "left": old}


class Evictor:
    """One call, until `until` (ms)."""

    def __init__(self, services: Services, until: int) -> None:
        self._services = services
        self._until = until
        self._eviction = services.store.eviction
        self._limits = (services.now(), services.settings.retention_days)
        self._batch = services.settings.evict_batch
        sink = services.log_sink
        self._shipper = None if sink is None else Shipper(services, sink, until)

    @property
    def shipped(self) -> int:
        return 0 if self._shipper is None else self._shipper.shipped

    @property
    def failures(self) -> dict[str, Any]:
        """What the sink refused, if it did."""
        shipper = self._shipper
        if shipper is None or not shipper.failed:
            return {}
        return {"failed": shipper.failed, "reason": shipper.reason}

    def run(self) -> int:
        """How many runs were removed: first those whose records are closed already."""
        evicted = 0
        while self._has_time() and (ids := self._eviction.closed(*self._limits, self._batch)):
            evicted += self._remove(ids)
        skip = 0
        while self._goes_on() and (ids := self._eviction.old(*self._limits, self._batch, skip)):
            closed = self._close(ids)
            evicted += self._remove(closed)
            skip += len(ids) - len(closed)
        return evicted

    def _has_time(self) -> bool:
        return self._services.now() < self._until

    def _goes_on(self) -> bool:
        return self._has_time() if self._shipper is None else self._shipper.goes_on

    def _close(self, ids: Sequence[str]) -> list[str]:
        """The runs of which nothing is left to be told."""
        if self._shipper is not None:
            return self._shipper.ship(ids)
        shipping = self._services.store.shipping
        return again(partial(shipping.close, shipping.ended(ids), self._services.now()))

    def _remove(self, ids: Sequence[str]) -> int:
        while again(partial(self._eviction.trim, ids)):
            if not self._has_time():
                return 0
        return again(partial(self._eviction.evict, ids))
