"""step-runner: move one operation one transition forward, then invite the next runner.

Alone, a runner makes its one transition and hands over. Where other work is ready it stays and
takes that too, as long as its time budget lasts; while functions it called are at work it has time
for more. So the number of runners follows the work, and no message matters: a runner that is
invited for what somebody else has taken finds nothing and ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from asl.language.events import Event
from asl.language.machine import EXPRESS
from asl.store.claims import Claim
from asl.store.errors import StaleClaim
from asl.store.rows import Awaiting, OperationRow, Status, replace
from asl.store.whole_runs import WholeRun
from asl.usecases import lifecycle
from asl.usecases.answers import record_answer
from asl.usecases.broken import TRANSIENT, Broken, fail_run
from asl.usecases.calls import attempt_of, seconds_left
from asl.usecases.calls_in_flight import CallAnswer, CallsInFlight
from asl.usecases.children import after_end, look_at_child, next_look
from asl.usecases.common import Command, Text
from asl.usecases.express_children import express_work, record_run
from asl.usecases.invitations import (
    ARRIVAL_SECONDS,
    Slot,
    invite_runner,
    wake_timer,
)
from asl.usecases.object_calls import is_object_call, object_call
from asl.usecases.service_calls import Performed, is_service_call, perform
from asl.usecases.services import Services
from asl.usecases.task_work import is_http_call, work_of
from asl.usecases.transitions import Made, again, decide, persist

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
        self._slot = Slot(services, "")
        self._calls = CallsInFlight(services.store.due, services.settings.max_calls)
        self._renew_at = services.now() + min(self._lease // 3, ARRIVAL_SECONDS * 500)
        self.transitions = 0

    def run(self, operation_id: str) -> None:
        """Work from one operation on, until nothing is left or the time is over."""
        self._slot = Slot(self._services, operation_id)
        self._ready.append(operation_id)
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
        self._calls.close()

    def _enter(self, operation_id: str) -> None:
        """Claim an operation, make its transition, and see to what follows."""
        with self._failing(operation_id):
            made = again(lambda: self._make_transition(operation_id))
            if made is not None:
                self._follow_up(*made)

    @contextmanager
    def _failing(self, operation_id: str) -> Iterator[None]:
        """A fault that is no fault of the surroundings fails the run."""
        try:
            yield
        except StaleClaim:
            return
        except TRANSIENT:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is, the run's end tells of it
            fail_run(self._services, operation_id, fault)

    def _follow_up(self, claim: Claim, row: OperationRow, ready: Sequence[str]) -> None:
        if claim.is_express_child or self._is_express(claim):
            self._calls.start(row, *express_work(self._services, claim, self._deadline))
        else:
            self._follow(row, ready, claim)

    def _make_transition(self, operation_id: str) -> Made | None:
        """Claimed, decided and committed in one transaction; None when it is not to be had."""
        now = self._services.now()
        with self._store.database.transaction():
            claim = self._store.claims.claim(operation_id, now)
            if claim is None:
                return None
            if claim.is_express_child:
                fence = self._store.map_children.begin(claim.operation, now, now + self._lease)
                return claim, replace(claim.operation, fence=fence), []
            if self._is_express(claim):
                fence = self._store.whole_runs.begin(claim, now + self._lease)
                return claim, replace(claim.operation, fence=fence), []
            if claim.event is not None:
                return claim, *self._decide(claim, claim.event, now)
            if claim.operation.awaiting == Awaiting.CHILD:
                return claim, *self._look_at_child(claim, now)
            return claim, self._store.commits.retake(claim, now + self._lease), []

    def _is_express(self, claim: Claim) -> bool:
        return self._services.machine_type(claim.execution.state_machine_id) == EXPRESS

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
        lifecycle.moved_on(self._services, claim, row)
        if row.status == Status.EXECUTING and row.awaiting == Awaiting.RESULT:
            if is_service_call(row) and not is_http_call(row):
                self._perform(row)
            elif is_object_call(row):
                self._calls.start(row, *object_call(self._services, row))
            else:
                self._start_call(row, claim)
        elif row.due_at is not None:
            wake_timer(self._services, row.due_at)
        run = claim.execution
        concerns = run.parent_execution or run.queue or row.status != Status.SUCCEEDED
        if row.ends and not row.parent and concerns:
            after_end(self._services, row.execution_id, self._services.now())
        self._hand_over(ready)

    def _perform(self, row: OperationRow) -> None:
        """Ask a service of this installation, and record what it answered."""
        performed = perform(self._services, row)
        if performed.answer is None:
            wake_timer(self._services, performed.look_at)
        else:
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
        passed = self._slot.is_held and not self._calls and self._slot.pass_on(operation_id)
        return passed or invite_runner(self._services, operation_id)

    def _has_time(self) -> bool:
        return self._services.now() < self._until

    def _is_busy(self) -> bool:
        """Whether it goes on anyway, with room for more."""
        return bool(self._ready) or (len(self._calls) > 0 and not self._calls.is_full)

    def _others(self) -> list[str]:
        """Operations that are due and that this runner has not invited anybody for."""
        due = self._store.due.operations(self._services.now(), LOOK_AROUND)
        return [operation_id for operation_id in due if operation_id not in self._invited]

    def _take_others(self) -> bool:
        """Take what is ready and nobody has come for."""
        if not self._has_time() or self._calls.is_full:
            return False
        self._ready.extend(self._others())
        return bool(self._ready)

    def _retire(self) -> bool:
        """Give the slot back and look around once more; whether there is something to do."""
        if not self._slot.is_held:
            return False
        self._slot.give_back()
        if self._has_time():
            return self._take_others()
        self._invite(self._others()[:1])
        return False

    def _keep_time(self) -> None:
        """Renew what is ours in good time; with the time budget spent, pass the rest on."""
        now = self._services.now()
        if self._slot.is_held and not self._has_time():
            waiting = list(self._ready)
            self._ready.clear()
            self._retire()
            self._invite(waiting)
        if now >= self._renew_at:
            self._renew_at = now + self._lease // 3
            self._slot.renew(now + self._lease)
            self._calls.renew(now + self._lease)

    def _start_call(self, row: OperationRow, claim: Claim) -> None:
        work = work_of(self._services, row, claim.execution)
        attempt = attempt_of(row, claim.run)
        latest = self._deadline - MARGIN_SECONDS * 1000
        seconds = seconds_left(row, self._services.now(), latest)
        self._calls.start(row, work, attempt, seconds)

    def _await_calls(self) -> None:
        answered = self._calls.answered(POLL_SECONDS)
        for row, answer in answered:
            if not isinstance(answer, Broken):
                with self._failing(row.id):
                    self._complete(row, answer)
            elif not isinstance(answer.fault, TRANSIENT):
                fail_run(self._services, row.id, answer.fault)
        if not answered:
            self._take_others()

    def _complete(
        self, row: OperationRow, answer: CallAnswer | WholeRun, performed: Performed | None = None
    ) -> None:
        """Record what came of a call, if the operation is still ours."""
        if isinstance(answer, WholeRun):
            self.transitions += record_run(self._services, row, answer)
            return
        record = partial(record_answer, self._services, row, answer, performed)
        made = persist(self._services, record)
        if made is None:
            return
        self.transitions += 1
        claim, written, ready = made
        if performed is None:
            lifecycle.answered(self._services, claim.run, row.id, answer)
        self._follow(written, ready, claim)
        if performed is not None and performed.child is not None:  # it may have ended meanwhile
            after_end(self._services, performed.child.id, self._services.now())
