"""stuck: what does not go on by itself, or should long have gone on; why, and the way out."""

from __future__ import annotations

from typing import Any, NamedTuple

from asl.store.rows import operation_id
from asl.store.stuck import GRACE_MS, START, Key, Reason, Times, key_of
from asl.store.stuck import Stuck as Found
from asl.usecases import views
from asl.usecases.common import (
    DEFAULT_PER_PAGE,
    Command,
    PerPage,
    decode_cursor,
    encode_cursor,
)
from asl.usecases.errors import InvalidInput
from asl.usecases.services import Services

HOUR_MS = 3_600_000
EXECUTION, OPERATION, CALLBACK = "execution", "operation", "callback"


class Account(NamedTuple):
    """What is said of a reason. long: it counts from STUCK_AFTER_HOURS on, else from a minute."""

    kind: str
    long: bool
    text: str


ACCOUNTS = {
    Reason.NO_ANSWER: Account(
        CALLBACK, True,
        "nobody has brought the result of this Task, and it has neither TimeoutSeconds nor "
        "HeartbeatSeconds: whoever was given its task token brings it with `signal`; or end the "
        "execution with `stop`",
    ),
    Reason.NO_WORKER: Account(
        CALLBACK, True,
        "no worker has taken this Task from its activity: start one that polls for it; or end the "
        "execution with `stop`",
    ),
    Reason.QUEUED: Account(
        EXECUTION, True,
        "it waits for its turn in the queue '{state}': see which executions of that queue do not "
        "end, or raise its limit; or end the execution with `stop`",
    ),
    Reason.NOTHING_DUE: Account(
        EXECUTION, True,
        "nothing is due that would move it on, which should never be: please report it; end the "
        "execution with `stop`, then go on from where it was with `redrive`",
    ),
    Reason.TIME_OVER: Account(
        EXECUTION, False,
        "its TimeoutSeconds are over and nobody has ended it: see that `timer` is invoked on its "
        "schedule; or end the execution with `stop`",
    ),
    Reason.NOBODY_CAME: Account(
        OPERATION, False,
        "it has been ready since then and no step-runner has come for it: see that `step-runner` "
        "is deployed, that FN_API_URL leads to it and that MAX_RUNNERS is enough; invoking `timer` "
        "sends for one",
    ),
    Reason.LEASE_LAPSED: Account(
        OPERATION, False,
        "the step-runner that called its function was lost and no other has come to call it again: "
        "see that `step-runner` is deployed and that FN_API_URL leads to it; invoking `timer` "
        "sends for one",
    ),
}  # fmt: skip


class Stuck(Command, frozen=True):
    per_page: PerPage = DEFAULT_PER_PAGE
    cursor: str | None = None


def stuck(command: Stuck, services: Services) -> dict[str, Any]:
    """Answers items and next_cursor: reason by reason, the longest waiting first."""
    now = services.now()
    times = times_of(services, now)
    begin, after = _place(command.cursor)
    items: list[dict[str, Any]] = []
    reasons = list(Reason)
    for reason in reasons[reasons.index(begin) :]:
        room = command.per_page - len(items)
        found = services.store.stuck.page(reason, times, room, after)
        items += [_view(services, reason, item) for item in found]
        if len(items) == command.per_page:
            place = f"{reason}/" + "/".join(str(part) for part in key_of(reason, found[-1]))
            return {"items": items, "next_cursor": encode_cursor(place)}
        after = START
    return {"items": items}


def times_of(services: Services, now: int) -> Times:
    return Times(now, now - _patience(services))


def _patience(services: Services) -> int:
    return services.settings.stuck_after_hours * HOUR_MS


def _place(cursor: str | None) -> tuple[Reason, Key]:
    """Where a page begins; InvalidInput for a cursor of something else."""
    place = decode_cursor(cursor)
    if place is None:
        return next(iter(Reason)), START
    try:
        reason, moment, execution_id, number = place.split("/")
        return Reason(reason), Key(int(moment), execution_id, int(number))
    except ValueError as fault:
        raise InvalidInput("cursor: it must be the next_cursor of the page before") from fault


def _view(services: Services, reason: Reason, item: Found) -> dict[str, Any]:
    account = ACCOUNTS[reason]
    patience = _patience(services) if account.long else GRACE_MS
    number = item.number
    return views.present(
        {
            "kind": account.kind,
            "execution": item.execution_id,
            "operation": operation_id(item.execution_id, number) if number else None,
            "state_machine": services.machine_name(item.state_machine_id),
            "state": item.state if number else None,
            "since": views.time_or_none(item.since),
            "expected_by": views.time_or_none(item.since + patience),
            "reason": reason,
            "message": account.text.format(state=item.state),
        }
    )
