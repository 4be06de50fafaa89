"""step-runner: move one operation one transition forward, then invite the next runner.

Alone, a runner makes its one transition and hands over. Where other work is ready it stays and
takes that too, as long as its time budget lasts; while functions it called are at work it has time
for more. So the number of runners follows the work, and no message matters: a runner that is
invited for what somebody else has taken finds nothing and ends.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from asl.language.events import Event, Raised, Returned, Submitted, TimedOut
from asl.language.step import step
from asl.language.visit import Moment
from asl.store.claims import Claim
from asl.store.errors import StaleClaim
from asl.store.rows import Awaiting, OperationRow, Status
from asl.usecases.calls import attempt_of, request_of, seconds_left
from asl.usecases.common import Command, Text
from asl.usecases.invitations import invite_runner, wake_timer
from asl.usecases.services import Services
from asl.usecases.tokens import token_of

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1  # how often a runner with calls in flight looks for other work
MARGIN_SECONDS = 3  # of the deadline, kept for writing down what came of a call
LOOK_AROUND = 16  # operations looked at when a runner seeks other work


class Advance(Command, frozen=True):
    """Nothing but the id is needed or trusted: a forged, repeated or late one is harmless."""

    operation: Text


def advance(command: Advance, services: Services, deadline: int) -> dict[str, Any]:
    """Answers how many transitions were made."""
    runner = Runner(services, deadline)
    runner.run(command.operation)
    return {"transitions": runner.transitions}


class Runner:
    """One invocation of the step-runner. The database is used from its own thread alone."""

    def __init__(self, services: Services, deadline: int) -> None:
        self._services = services
        self._store = services.store
        self._deadline = deadline
        self._until = services.now() + services.settings.drain_seconds * 1000
        self._ready: deque[str] = deque()
        self._invited: set[str] = set()
        self._calls: dict[Future[Returned | Raised], OperationRow] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._id = ""
        self._renew_at = services.now() + self._lease // 3
        self.transitions = 0

    def run(self, operation_id: str) -> None:
        self._ready.append(operation_id)
        while True:
            if self._ready:
                self._enter(self._ready.popleft())
            elif self._calls:
                self._await_calls()
            elif not (self._take_others() or self._sign_off()):
                break
            self._keep_time()
        if self._pool is not None:
            self._pool.shutdown()

    def _enter(self, operation_id: str) -> None:
        """Claim an operation and make its transition, in one transaction."""
        services = self._services
        now = services.now()
        with self._store.database.transaction():
            claim = self._store.claims.claim(operation_id, now)
            if claim is None:
                return
            if claim.event is None:
                row = self._store.commits.retake(claim, now + self._lease)
                ready: Sequence[str] = ()
            else:
                row, ready = self._decide(claim, claim.event, now)
        self._follow(row, ready, claim)

    @property
    def _lease(self) -> int:
        return self._services.settings.lease_seconds * 1000

    def _decide(self, claim: Claim, event: Event, now: int) -> tuple[OperationRow, list[str]]:
        run = claim.execution
        machine = self._services.definitions.machine(run.state_machine_id, run.version)
        moment = Moment(now, self._services.random, run.events + 1)
        token = token_of(claim, self._services)
        decided = step(machine, token, event, moment)
        self.transitions += 1
        return self._store.commits.commit(claim, decided, now, self._lease)

    def _follow(self, row: OperationRow, ready: Sequence[str], claim: Claim) -> None:
        """After the commit: make the call, see to the timer, hand over what became ready."""
        if row.status == Status.EXECUTING and row.awaiting == Awaiting.RESULT:
            self._start_call(row, claim)
        elif row.due_at is not None:
            wake_timer(self._services, row.due_at)
        self._hand_over(ready)

    def _hand_over(self, ready: Sequence[str]) -> None:
        """Keep what became ready where there is other work too, else invite for it."""
        if not ready:
            return
        if self._has_time() and (self._is_busy() or self._others()):
            self._sign_on()
            self._ready.extend(ready)
            return
        self._invite(ready)

    def _invite(self, ready: Sequence[str]) -> None:
        for operation_id in ready[: self._services.settings.max_runners]:
            self._invited.add(operation_id)
            if not invite_runner(self._services, operation_id):
                break

    def _has_time(self) -> bool:
        return self._services.now() < self._until

    def _is_busy(self) -> bool:
        """Whether it goes on anyway, with room for more."""
        return bool(self._ready) or 0 < len(self._calls) < self._services.settings.max_calls

    def _others(self) -> list[str]:
        """Operations that are due and that this runner has not invited anybody for."""
        due = self._store.due.operations(self._services.now(), LOOK_AROUND)
        return [operation_id for operation_id in due if operation_id not in self._invited]

    def _take_others(self) -> bool:
        if not self._has_time() or len(self._calls) >= self._services.settings.max_calls:
            return False
        others = self._others()
        if others:
            self._sign_on()
            self._ready.extend(others)
        return bool(others)

    def _sign_on(self) -> None:
        """Stay: whoever makes work ready may count on this runner."""
        if not self._id:
            self._id = self._services.new_id()
            self._store.runners.sign_on(self._id, self._services.now() + self._lease)

    def _sign_off(self) -> bool:
        """Count on me no more; whether something became ready in the last moment."""
        if not self._id:
            return False
        self._store.runners.sign_off(self._id, self._services.now())
        self._id = ""
        if self._has_time():
            return self._take_others()
        self._invite(self._others()[:1])
        return False

    def _keep_time(self) -> None:
        """Renew what is ours in good time; with the time budget spent, pass the rest on."""
        now = self._services.now()
        if self._id and not self._has_time():
            self._sign_off()
            self._invite(list(self._ready))
            self._ready.clear()
        if now >= self._renew_at:
            self._renew_at = now + self._lease // 3
            self._renew(now)

    def _renew(self, now: int) -> None:
        if self._id:
            self._store.runners.renew(self._id, now + self._lease)
        for row in self._calls.values():
            key = (row.execution_id, row.number, row.fence)
            self._store.due.renew(*key, now + self._lease)

    def _start_call(self, row: OperationRow, claim: Claim) -> None:
        request = request_of(row, claim.execution)
        attempt = attempt_of(row, claim.execution)
        latest = self._deadline - MARGIN_SECONDS * 1000
        seconds = seconds_left(row, self._services.now(), latest)
        if self._pool is None:
            workers = self._services.settings.max_calls
            self._pool = ThreadPoolExecutor(workers, thread_name_prefix="call")
        call = self._services.functions.call
        future = self._pool.submit(call, request, attempt, seconds)
        self._calls[future] = row

    def _await_calls(self) -> None:
        done, _ = wait(self._calls, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            self._complete(self._calls.pop(future), future.result())
        if not done:
            self._take_others()

    def _complete(self, row: OperationRow, answer: Returned | Raised) -> None:
        """Record what came of a call, if the operation is still ours."""
        now = self._services.now()
        event: Event = answer
        if isinstance(answer, Raised) and row.deadline is not None and now >= row.deadline:
            event = TimedOut()
        elif isinstance(answer, Returned) and row.token is not None:
            event = Submitted(answer.output)
        try:
            with self._store.database.transaction():
                claim = self._store.claims.reclaim(row.id, row.fence, event)
                if claim is None:
                    return
                if isinstance(answer, Returned):
                    claim = replace(
                        claim, operation=replace(claim.operation, call_id=answer.call_id)
                    )
                written, ready = self._decide(claim, event, now)
        except StaleClaim:
            return
        self._follow(written, ready, claim)
