"""Recording what came of a call: the transition that an answer makes."""

from __future__ import annotations

import dataclasses

from asl.language.events import Entered, Event, Raised, Returned, Submitted, TimedOut
from asl.language.visiting import Outcome
from asl.store.rows import OperationRow, replace
from asl.usecases.calls_in_flight import CallAnswer
from asl.usecases.children import wait_for_child
from asl.usecases.express_children import record_outcome
from asl.usecases.service_calls import Performed
from asl.usecases.services import Services
from asl.usecases.transitions import Made, decide


def record_answer(
    services: Services, row: OperationRow, answer: CallAnswer, performed: Performed | None
) -> Made | None:
    """One transaction; None where the operation is not ours any more.

    performed: what a service of this installation did, where it was that which answered.
    """
    if isinstance(answer, Outcome):
        return record_outcome(services, row, answer)
    now = services.now()
    event = _event(row, answer, now)
    with services.store.database.transaction():
        claim = services.store.claims.reclaim(row.id, row.fence, event)
        if claim is None:
            return None
        if isinstance(answer, Returned):
            called = replace(claim.operation, call_id=answer.call_id)
            claim = dataclasses.replace(claim, operation=called)
        written, ready = decide(services, claim, event, now)
        if performed is not None and performed.child is not None:
            wait_for_child(services, written, performed.child, performed.pattern, now)
        return claim, written, ready


def _event(row: OperationRow, answer: CallAnswer, now: int) -> Event:
    """What the state meets: an answer, or that it came too late, or that a callback follows."""
    if isinstance(answer, Raised) and row.deadline is not None and now >= row.deadline:
        return TimedOut()
    if isinstance(answer, Returned) and row.token is not None:
        return Submitted(answer.output)
    return Entered() if isinstance(answer, Outcome) else answer
