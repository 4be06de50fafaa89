"""Queues with a limit: whose turn it is when a run has ended."""

from __future__ import annotations

from asl.store.rows import ExecutionRow
from asl.usecases.invitations import invite_runners, wake_timer
from asl.usecases.services import Services
from asl.usecases.transitions import again

MOST_ADMITTED = 100  # runs in one go; the rest at the next occasion
ANY_OTHER = "*"


def queue_limit(services: Services, queue: str) -> int | None:
    """How many runs of a queue may be under way at a time, None for any number."""
    limits = services.settings.queue_limits
    return limits.get(queue, limits.get(ANY_OTHER)) if queue else None


def admit_next(services: Services, queue: str) -> None:
    """Let as many runs of a queue go on as there is room for, in the order they came."""
    for _ in range(MOST_ADMITTED):
        first = services.store.queues.first(queue)
        run = None if first is None else services.store.executions.find(first)
        if run is None or not _admit(services, run):
            return


def _admit(services: Services, run: ExecutionRow) -> bool:
    machine = services.definitions.machine(run.state_machine_id, run.version)
    now = services.now()
    due_at = None if machine.timeout is None else now + machine.timeout * 1000
    limit = queue_limit(services, run.queue)
    ready = again(lambda: services.store.queues.admit(run.id, limit, now, due_at))
    invite_runners(services, ready or ())
    if ready and due_at is not None:
        wake_timer(services, due_at)
    return ready is not None


def admit_waiting(services: Services, most: int) -> None:
    """Look at some queues that somebody waits in: a run may have ended and told nobody."""
    for queue in services.store.queues.waiting(most):
        admit_next(services, queue)
