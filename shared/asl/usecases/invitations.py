"""Inviting functions of this app: the step-runner for what is ready, the timer for what is soon."""

from __future__ import annotations

from collections.abc import Sequence

from asl.language import jsontext
from asl.store.errors import TransactionConflict
from asl.usecases.services import Services

STEP_RUNNER = "step-runner"
TIMER = "timer"
HORIZON_SECONDS = 60  # what is due within it is the timer's; later things the ticker's
ARRIVAL_SECONDS = 5  # how long an invited runner may take to start before its slot is free again


def invite_runner(services: Services, operation_id: str) -> bool:
    """Ask Fn for a step-runner, unless enough are invited or at work; whether one was asked."""
    return reserve_slot(services, operation_id) and send_runner(services, operation_id)


def invite_runners(services: Services, operation_ids: Sequence[str]) -> None:
    """As far as there are slots: whoever is at work will find the rest."""
    for operation_id in operation_ids:
        if not invite_runner(services, operation_id):
            break


def reserve_slot(services: Services, operation_id: str) -> bool:
    """Take a slot for the runner of an operation, unless all are taken or one for it is."""
    now = services.now()
    until, limit = now + ARRIVAL_SECONDS * 1000, services.settings.max_runners
    return services.store.runners.reserve(operation_id, now, until, limit)


def send_runner(services: Services, operation_id: str) -> bool:
    """Send the invitation that a slot was taken for."""
    if services.dispatcher.invite(STEP_RUNNER, jsontext.dumps({"operation": operation_id})):
        return True
    services.store.runners.release(operation_id)
    return False


class Slot:
    """The slot of one runner, named after the operation it was invited for.

    One that was never taken (a runner that nobody invited) is held like any other, to no effect.
    """

    def __init__(self, services: Services, operation_id: str) -> None:
        self._services = services
        self._operation_id = operation_id
        self.is_held = True

    def pass_on(self, operation_id: str) -> bool:
        """Invite a runner into this slot; False when it was lost, or the runner was refused."""
        self.is_held = False
        until = self._services.now() + ARRIVAL_SECONDS * 1000
        passed = self._services.store.runners.pass_on(self._operation_id, operation_id, until)
        return passed and send_runner(self._services, operation_id)

    def renew(self, until: int) -> None:
        if self.is_held:
            self._services.store.runners.renew(self._operation_id, until)

    def give_back(self) -> None:
        """What this process has counted is written on the way."""
        self.is_held = False
        services, runners = self._services, self._services.store.runners
        try:
            with services.tally.taken(services.now()) as counts:
                runners.release(self._operation_id, counts)
        except TransactionConflict:
            runners.release(self._operation_id)


def wake_timer(services: Services, due_at: int) -> None:
    """Invite the timer when something is due before the next tick and no timer is up."""
    now = services.now()
    if due_at - now > HORIZON_SECONDS * 1000 or services.store.due.lease_until(TIMER) >= now:
        return
    services.dispatcher.invite(TIMER, "{}")
