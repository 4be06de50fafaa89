"""One transition within a transaction: what the language decides, written by the store."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

from asl.language.effects import Offer
from asl.language.events import Event
from asl.language.step import step
from asl.language.visit import Moment
from asl.store.claims import Claim
from asl.store.errors import DatabaseUnavailable, TransactionConflict
from asl.store.rows import OperationRow, Status
from asl.usecases.invitations import invite_runners, wake_timer
from asl.usecases.services import Services
from asl.usecases.tally import TRANSITIONS
from asl.usecases.tokens import token_of

TRIES = 3
PAUSE_SECONDS = 0.25
Result = TypeVar("Result")
Made = tuple[Claim, OperationRow, list[str]]
"""A transition that was made: what was claimed, the operation as it is now, what became ready."""


def again(transaction: Callable[[], Result]) -> Result:
    """Run a transaction, and run it anew where the database preferred another one to it."""
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except TransactionConflict:
            continue
    return transaction()


def persist(services: Services, transaction: Callable[[], Result]) -> Result:
    """Run a transaction that writes what would else have to be done again: where the database is
    away, wait for it as long as our lease surely lasts.
    """
    until = services.now() + services.settings.lease_seconds * 1000 // 2
    while True:
        try:
            return again(transaction)
        except DatabaseUnavailable:
            if services.now() >= until:
                raise
            services.sleep(PAUSE_SECONDS)


def decide(
    services: Services, claim: Claim, event: Event, now: int
) -> tuple[OperationRow, list[str]]:
    """Make the transition of a claimed operation; it as it is now, and what became ready.

    A Task is decided anew where it turns out that there is no such activity to offer it to.
    """
    services.tally.add(TRANSITIONS)
    run = claim.run
    machine = services.definitions.machine(run.state_machine_id, run.version)
    moment = Moment(now, services.random, run.events + 1)
    token = token_of(claim, services)
    decided = step(machine, token, event, moment)
    if isinstance(decided.effect, Offer):
        activity = decided.effect.activity
        if services.store.activities.find(activity) is None:
            decided = step(machine, token, event, dataclasses.replace(moment, absent=activity))
    lease = services.settings.lease_seconds * 1000
    return services.store.commits.commit(claim, decided, now, lease)


def set_going(services: Services, row: OperationRow, ready: Sequence[str]) -> None:
    """After a commit that no runner made: invite for what became ready, see to the timer."""
    if row.status == Status.WAITING and row.due_at is not None:
        wake_timer(services, row.due_at)
    invite_runners(services, ready)
