"""A bounded look around at the end of every action: what is long due and unclaimed is moved on."""

from __future__ import annotations

from asl.usecases.invitations import invite_runner
from asl.usecases.services import Services
from asl.usecases.timer import time_out

OVERDUE_SECONDS = 5
BATCH = 4


def heal(services: Services) -> None:
    """Invite runners for a few operations that nobody came for, and end runs out of time."""
    overdue = services.now() - OVERDUE_SECONDS * 1000
    due = services.store.due
    for execution_id in due.executions(overdue, BATCH):
        time_out(services, execution_id)
    for operation_id in due.operations(overdue, BATCH):
        if due.postpone(operation_id, overdue, services.now()):
            invite_runner(services, operation_id)
