"""evictor: remove the runs whose retention is over, in small batches within the deadline."""

from __future__ import annotations

from typing import Any

from asl.usecases.common import Command
from asl.usecases.services import Services

MARGIN_SECONDS = 5  # of the deadline


class Evict(Command, frozen=True):
    """dry_run: only count."""

    dry_run: bool = False


def evict(command: Evict, services: Services, deadline: int) -> dict[str, Any]:
    """Answers how many runs and machines were evicted, and how many runs are `left`.

    Each batch is committed for itself: killed at any point, nothing is half gone.
    """
    eviction = services.store.eviction
    retention = services.settings.retention_days
    now = services.now()
    if command.dry_run:
        return {"evicted": 0, "would_evict": eviction.count(now, retention)}
    evicted = 0
    until = deadline - MARGIN_SECONDS * 1000
    while services.now() < until:
        batch = eviction.old(now, retention, services.settings.evict_batch)
        if not batch:
            break
        evicted += eviction.evict(batch)
    machines = eviction.evict_machines()
    left = eviction.count(now, retention)
    return {"evicted": evicted, "machines": machines, "left": left}
