"""step-runner: move one operation one transition forward, then invite the next runner.

Alone, a runner makes its one transition and hands over. Where other work is ready it stays and
takes that too, as long as its time budget lasts; while functions it called are at work it has time
for more. So the number of runners follows the work, and no message matters: a runner that is
invited for what somebody else has taken finds nothing and ends.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from asl.language.events import Event, Raised, Returned, Submitted, TimedOut
from asl.language.machine import EXPRESS
from asl.store.claims import Claim
from asl.store.errors import StaleClaim
from asl.store.rows import Awaiting, ExecutionRow, OperationRow, Status
from asl.store.whole_runs import WholeRun
from asl.usecases.calls import attempt_of, request_of, seconds_left
from asl.usecases.children import after_end, look_at_child, next_look, wait_for_child
from asl.usecases.common import Command, Text
from asl.usecases.express import run_express
from asl.usecases.invitations import (
    ARRIVAL_SECONDS,
    invite_runner,
    send_runner,
    wake_timer,
)
from asl.usecases.service_calls import Performed, is_service_call, perform
from asl.usecases.services import Services
from asl.usecases.transitions import decide

log = logging.getLogger(__name__)

Answer = Returned | Raised | WholeRun

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

    def __init__(
        self, services: Services, deadline: int, *, stays_until: int | None = None
    ) -> None:
        """stays_until (ms): one that has to stay anyway hands nothing over before."""
        self._services = services
        self._store = services.store
        self._deadline = deadline
        self._stays = stays_until is not None
        self._until = stays_until or services.now() + services.settings.drain_seconds * 1000
        self._ready: deque[str] = deque()
        self._invited: set[str] = set()
        self._calls: dict[Future[Answer], OperationRow] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._slot: str | None = None
        self._renew_at = services.now() + self._lease // 3
        self.transitions = 0

    def run(self, operation_id: str) -> None:
        """Work from one operation on, until nothing is left or the time is over."""
        self._slot = operation_id
        self._ready.append(operation_id)
        self._work()

    def look_around(self) -> None:
        """Work on what nobody has come for, if there is anything."""
        if self._take_others():
            self._work()

    def _work(self) -> None:
        while True:
            if self._ready:
                self._enter(self._ready.popleft())
            elif self._calls:
                self._await_calls()
            elif not (self._take_others() or self._retire()):
                break
            self._keep_time()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _enter(self, operation_id: str) -> None:
        """Claim an operation and make its transition, in one transaction."""
        services = self._services
        now = services.now()
        with self._store.database.transaction():
            claim = self._store.claims.claim(operation_id, now)
            if claim is None:
                return
            if self._is_express(claim):
                fence = self._store.whole_runs.begin(claim, now + self._lease)
                row = replace(claim.operation, fence=fence)
                ready: Sequence[str] = ()
            elif claim.event is not None:
                row, ready = self._decide(claim, claim.event, now)
            elif claim.operation.awaiting == Awaiting.CHILD:
                row, ready = self._look_at_child(claim, now)
            else:
                row = self._store.commits.retake(claim, now + self._lease)
                ready = ()
        if self._is_express(claim):
            self._run_whole(row, claim.execution)
        else:
            self._follow(row, ready, claim)

    def _is_express(self, claim: Claim) -> bool:
        return self._services.machine_type(claim.execution.state_machine_id) == EXPRESS

    def _run_whole(self, row: OperationRow, run: ExecutionRow) -> None:
        """Have an Express run made in a thread, as one long call."""
        machine = self._services.definitions.machine(run.state_machine_id, run.version)
        self._services.machine_name(run.state_machine_id)  # the thread has no database
        self._calls[self._submit(run_express, self._services, machine, run, self._deadline)] = row

    def _submit(self, work: Callable[..., Answer], *arguments: Any) -> Future[Answer]:
        if self._pool is None:
            workers = self._services.settings.max_calls
            self._pool = ThreadPoolExecutor(workers, thread_name_prefix="call")
        return self._pool.submit(work, *arguments)

    @property
    def _lease(self) -> int:
        return self._services.settings.lease_seconds * 1000

    def _decide(self, claim: Claim, event: Event, now: int) -> tuple[OperationRow, list[str]]:
        self.transitions += 1
        return decide(self._services, claim, event, now)

    def _look_at_child(self, claim: Claim, now: int) -> tuple[OperationRow, list[str]]:
        event = look_at_child(self._services, claim.operation)
        if event is not None:
            return self._decide(claim, event, now)
        self._store.callbacks.beat(claim.operation, next_look(claim.operation, now))
        return claim.operation, []

    def _follow(self, row: OperationRow, ready: Sequence[str], claim: Claim) -> None:
        """After the commit: make the call, see to the timer, hand over what became ready."""
        if row.status == Status.EXECUTING and row.awaiting == Awaiting.RESULT:
            if is_service_call(row):
                self._perform(row)
            else:
                self._start_call(row, claim)
        elif row.due_at is not None:
            wake_timer(self._services, row.due_at)
        if row.ends and not row.parent:
            after_end(self._services, row.execution_id, self._services.now())
        self._hand_over(ready)

    def _perform(self, row: OperationRow) -> None:
        """Ask a service of this installation, and record what it answered."""
        performed = perform(self._services, row)
        self._complete(row, performed.answer, performed)

    def _hand_over(self, ready: Sequence[str]) -> None:
        """Keep what became ready where there is other work too, else invite for it."""
        if not ready:
            return
        if self._has_time() and (self._stays or self._is_busy() or self._others()):
            self._ready.extend(ready)
            return
        left = self._invite(ready)
        if self._has_time():
            self._ready.extend(left)

    def _invite(self, ready: Sequence[str]) -> Sequence[str]:
        """Invite runners as far as there are slots; the first one gets the slot of this one.

        Answers those that nobody was invited for: whoever is at work will find them.
        """
        for position, operation_id in enumerate(ready):
            if not self._invite_for(operation_id):
                return ready[position:]
            self._invited.add(operation_id)
        return ()

    def _invite_for(self, operation_id: str) -> bool:
        return self._pass_slot_on(operation_id) or invite_runner(self._services, operation_id)

    def _pass_slot_on(self, operation_id: str) -> bool:
        if self._slot is None or self._calls:
            return False
        slot, self._slot = self._slot, None
        until = self._services.now() + ARRIVAL_SECONDS * 1000
        passed = self._store.runners.pass_on(slot, operation_id, until)
        return passed and send_runner(self._services, operation_id)

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
        """Take what is ready and nobody has come for."""
        if not self._has_time() or len(self._calls) >= self._services.settings.max_calls:
            return False
        self._ready.extend(self._others())
        return bool(self._ready)

    def _retire(self) -> bool:
        """Give the slot back and look around once more; whether there is something to do."""
        if self._slot is None:
            return False
        self._store.runners.release(self._slot)
        self._slot = None
        if self._has_time():
            return self._take_others()
        self._invite(self._others()[:1])
        return False

    def _keep_time(self) -> None:
        """Renew what is ours in good time; with the time budget spent, pass the rest on."""
        now = self._services.now()
        if self._slot is not None and not self._has_time():
            waiting = list(self._ready)
            self._ready.clear()
            self._retire()
            self._invite(waiting)
        if now >= self._renew_at:
            self._renew_at = now + self._lease // 3
            self._renew(now)

    def _renew(self, now: int) -> None:
        if self._slot is not None:
            self._store.runners.renew(self._slot, now + self._lease)
        for row in self._calls.values():
            key = (row.execution_id, row.number, row.fence)
            self._store.due.renew(*key, now + self._lease)

    def _start_call(self, row: OperationRow, claim: Claim) -> None:
        request = request_of(row, claim.execution)
        attempt = attempt_of(row, claim.execution)
        latest = self._deadline - MARGIN_SECONDS * 1000
        seconds = seconds_left(row, self._services.now(), latest)
        call = self._services.functions.call
        self._calls[self._submit(call, request, attempt, seconds)] = row

    def _await_calls(self) -> None:
        done, _ = wait(self._calls, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            self._complete(self._calls.pop(future), future.result())
        if not done:
            self._take_others()

    def _complete(
        self, row: OperationRow, answer: Answer, performed: Performed | None = None
    ) -> None:
        """Record what came of a call, if the operation is still ours."""
        if isinstance(answer, WholeRun):
            self._store.whole_runs.complete(answer, row.id, row.fence)
            self.transitions += len(answer.operations)
            return
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
                if performed is not None and performed.child is not None:
                    child, pattern = performed.child, performed.pattern
                    wait_for_child(self._services, written, child, pattern, now)
        except StaleClaim:
            return
        self._follow(written, ready, claim)
        if performed is not None and performed.child is not None:
            after_end(self._services, performed.child.id, now)  # it may have ended meanwhile
