"""signal: bring the result of a Task that waits for its token, or a sign of life."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from asl.language import jsontext
from asl.language.document import Document
from asl.language.events import Event, Raised, Returned
from asl.store.errors import TokenSpent, TokenUnknown
from asl.store.rows import replace
from asl.usecases import lifecycle
from asl.usecases.children import after_end
from asl.usecases.common import Command, check_payload
from asl.usecases.errors import InvalidInput, InvalidToken, TaskTimedOut
from asl.usecases.services import Services
from asl.usecases.stop import CauseText, ErrorName
from asl.usecases.transitions import Made, again, decide, set_going

Result = TypeVar("Result")


class Signal(Command, frozen=True):
    """token, with exactly one of: output; error and cause (either may be left out); heartbeat."""

    token: str
    output: Any | UnsetType = UNSET
    error: ErrorName | None = None
    cause: CauseText | None = None
    heartbeat: bool = False


def signal(command: Signal, services: Services) -> dict[str, Any]:
    """Answers {}. InvalidToken: no such Task; TaskTimedOut: it is over, or a later attempt is."""
    failed = command.error is not None or command.cause is not None
    given = [command.output is not UNSET, failed, command.heartbeat]
    if sum(given) != 1:
        raise InvalidInput("give exactly one of: output; error and cause; heartbeat: true")
    if command.heartbeat:
        beat(services, command.token)
    elif failed:
        bring(services, command.token, Raised(command.error, command.cause))
    else:
        text = jsontext.dumps(command.output)
        check_payload("output", text, services.settings.max_payload_bytes)
        bring(services, command.token, Returned(Document(command.output)))
    return {}


def bring(services: Services, token: str, event: Event, sender: str | None = None) -> None:
    """Bring the result of the Task that a token belongs to.

    sender: an id under which bringing it again is known for what it is, and does nothing.
    """
    try:
        claim, row, ready = _at(lambda: _meet(services, token, event, sender))
    except TaskTimedOut:
        if sender is None or services.store.callbacks.brought_by(token) != sender:
            raise
        return
    lifecycle.moved_on(services, claim, row)
    set_going(services, row, ready)
    if row.ends and not row.parent:
        after_end(services, row.execution_id, services.now())


def _meet(services: Services, token: str, event: Event, sender: str | None) -> Made:
    with services.store.database.transaction():
        claim = services.store.callbacks.claim(token, event)
        if sender is not None:
            brought = replace(claim.operation, call_id=sender)
            claim = dataclasses.replace(claim, operation=brought)
        return claim, *decide(services, claim, event, services.now())


def beat(services: Services, token: str) -> None:
    """A sign of life from whoever has the token: the heartbeat's clock starts anew."""
    _at(lambda: _beat(services, token))


def check_token(services: Services, token: str) -> None:
    """Whether a result could be brought now: InvalidToken, TaskTimedOut."""
    _at(lambda: _claim(services, token))


def _claim(services: Services, token: str) -> None:
    with services.store.database.transaction():
        services.store.callbacks.claim(token, Returned(Document(None)))


def _beat(services: Services, token: str) -> None:
    with services.store.database.transaction():
        row = services.store.callbacks.claim(token, Returned(Document(None))).operation
        if row.heartbeat is not None:
            due = services.now() + row.heartbeat * 1000
            services.store.callbacks.beat(row, min(due, row.deadline or due))


def _at(transaction: Callable[[], Result]) -> Result:
    """Make the transaction of a token; InvalidToken or TaskTimedOut where that is no good."""
    try:
        return again(transaction)
    except TokenUnknown as unknown:
        raise invalid_token() from unknown
    except TokenSpent as spent:
        raise timed_out() from spent


def invalid_token() -> InvalidToken:
    return InvalidToken("Invalid Token: 'Invalid token'")


def timed_out() -> TaskTimedOut:
    return TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
