"""Inviting functions of this app: the step-runner for what is ready, the timer for what is soon."""

from __future__ import annotations

from asl.language import jsontext
from asl.usecases.services import Services

STEP_RUNNER = "step-runner"
TIMER = "timer"
HORIZON_SECONDS = 60  # what is due within it is the timer's; later things the ticker's


def invite_runner(services: Services, operation_id: str) -> bool:
    """Ask Fn for a step-runner, unless enough are at work; whether one was asked for."""
    if services.store.runners.signed_on(services.now()) >= services.settings.max_runners:
        return False
    return services.dispatcher.invite(STEP_RUNNER, jsontext.dumps({"operation": operation_id}))


def wake_timer(services: Services, due_at: int) -> None:
    """Invite the timer when something is due before the next tick and no timer is up."""
    now = services.now()
    if due_at - now > HORIZON_SECONDS * 1000 or services.store.due.lease_until(TIMER) >= now:
        return
    services.dispatcher.invite(TIMER, "{}")
