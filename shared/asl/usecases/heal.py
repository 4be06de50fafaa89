"""A bounded look around at the end of every action: what is long due and unclaimed is moved on."""

from __future__ import annotations

import logging

from asl.store.errors import DatabaseUnavailable, TransactionConflict
from asl.usecases.invitations import invite_runner
from asl.usecases.lifecycle import write_counts
from asl.usecases.queues import admit_waiting
from asl.usecases.services import Services
from asl.usecases.timer import time_out

OVERDUE_SECONDS = 5
BATCH = 4
HEALER, HEALER_SECONDS = "healer", 1

log = logging.getLogger(__name__)


def look_around(services: Services) -> None:
    """Heal, and write down what was counted. The action is done: what fails here is not its fault,
    and comes due again.
    """
    try:
        heal(services)
        write_counts(services)
    except (DatabaseUnavailable, TransactionConflict) as fault:
        log.warning("could not look around", extra={"error": type(fault).__name__})


def heal(services: Services) -> None:
    """Invite runners for a few operations that nobody came for, end runs out of time, let those
    go on whose turn in a queue it is.
    """
    overdue = services.now() - OVERDUE_SECONDS * 1000
    due = services.store.due
    if services.settings.queue_limits:
        admit_waiting(services, BATCH)
    for execution_id in due.executions(overdue, BATCH):
        time_out(services, execution_id)
    left = due.operations(overdue, BATCH)
    if left and _is_our_turn(services):
        for operation_id in left:
            invite_runner(services, operation_id)


def _is_our_turn(services: Services) -> bool:
    """Whether nobody else has lately seen to what was left; its due times tell for how long."""
    now, holder = services.now(), services.new_id()
    return services.store.due.take_lease(HEALER, holder, now, now + HEALER_SECONDS * 1000)
