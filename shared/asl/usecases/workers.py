"""Activities: work that is polled for, given to one worker at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from asl.language.events import Taken
from asl.store.claims import Claim
from asl.store.rows import OperationRow
from asl.usecases import lifecycle
from asl.usecases.services import Services
from asl.usecases.transitions import again, decide, set_going

LONGEST_POLL_SECONDS = 60  # of GetActivityTask
LOOKED_AT = 20  # offers looked at in one go; others may take them meanwhile
FIRST_POLL, LONGEST_POLL = 0.05, 0.5  # seconds between looks


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker gets: the token that brings the result back, and the Task's input as text."""

    token: str
    input: str


def take_task(services: Services, activity: str, worker: str | None) -> Assignment | None:
    """Give the oldest offered Task of an activity to a worker; None when there is none."""
    store = services.store
    for operation_id in store.callbacks.offered(activity, LOOKED_AT):
        taken = again(partial(_take, services, operation_id, worker))
        if taken is None:
            continue
        assignment, claim, row, ready = taken
        lifecycle.moved_on(services, claim, row)
        set_going(services, row, ready)
        return assignment
    return None


def _take(
    services: Services, operation_id: str, worker: str | None
) -> tuple[Assignment, Claim, OperationRow, list[str]] | None:
    """Give one offered Task to a worker; None when somebody else has it by now."""
    store, taken = services.store, Taken(worker)
    with store.database.transaction():
        claim = store.callbacks.claim_offered(operation_id, taken)
        if claim is None:
            return None
        assignment = Assignment(claim.operation.token or "", claim.operation.request or "{}")
        return assignment, claim, *decide(services, claim, taken, services.now())


def poll_task(
    services: Services, activity: str, worker: str | None, until: int
) -> Assignment | None:
    """Wait for a Task of an activity until `until` (ms); None when none came."""
    pause = FIRST_POLL
    while True:
        assignment = take_task(services, activity, worker)
        if assignment is not None or services.now() >= until:
            return assignment
        services.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL)
