"""timer: see that what has come due is done, and come back in time.

It lives for a while, fires what comes due meanwhile, and invites itself again while anything is
pending soon; one at a time, by a lease. Whoever parks something for soon wakes it, so an
installation without any ticker still keeps its times.
"""

from __future__ import annotations

from typing import Any

from asl.store.executions import Ending
from asl.store.rows import Status
from asl.usecases import views
from asl.usecases.advance import Runner
from asl.usecases.children import PARENT_ENDED, end_run
from asl.usecases.common import Command
from asl.usecases.invitations import (
    ARRIVAL_SECONDS,
    HORIZON_SECONDS,
    TIMER,
    reserve_slot,
    send_runner,
)
from asl.usecases.queues import admit_waiting
from asl.usecases.services import Services

POLL_SECONDS = 0.2
MARGIN_SECONDS = 5  # of the deadline
LEASE_SECONDS = 5
BATCH = 100


TIMED_OUT = Ending(Status.TIMED_OUT, None, None, "ExecutionTimedOut", {"error": "States.Timeout"})


class Tick(Command, frozen=True):
    """Takes nothing."""


def tick(_command: Tick, services: Services, deadline: int) -> dict[str, Any]:
    """Answers how much was fired, and `next`: when it wants to be called again, if ever."""
    return Timer(services, deadline).run(deadline - MARGIN_SECONDS * 1000)


class Timer:
    """One invocation of the timer."""

    def __init__(self, services: Services, deadline: int) -> None:
        self._services = services
        self._deadline = deadline
        self._due = services.store.due
        self._holder = services.new_id()
        self._invited: dict[str, int] = {}
        self.fired = 0

    def run(self, until: int) -> dict[str, Any]:
        if not self._take_lease():
            return {"fired": 0, "running": True}
        try:
            admit_waiting(self._services, BATCH)
            self._watch(until)
        finally:
            self._due.release_lease(TIMER, self._holder)
        pending = self._due.next()  # whoever parked something meanwhile saw that a timer was up
        if pending is not None and self._is_soon(pending):
            self._services.dispatcher.invite(TIMER, "{}")
        return views.present({"fired": self.fired, "next": views.time_or_none(pending)})

    def _take_lease(self) -> bool:
        now = self._services.now()
        return self._due.take_lease(TIMER, self._holder, now, now + LEASE_SECONDS * 1000)

    def _is_soon(self, moment: int) -> bool:
        return moment - self._services.now() <= HORIZON_SECONDS * 1000

    def _watch(self, until: int) -> None:
        """Fire what comes due until `until`, or until nothing is pending soon."""
        while True:
            self._fire()
            pending = self._due.next()
            now = self._services.now()
            if pending is None or not self._is_soon(pending) or now >= until:
                return
            if not self._take_lease():
                return
            self._services.sleep(max(0.01, min((pending - now) / 1000, POLL_SECONDS)))

    def _fire(self) -> None:
        now = self._services.now()
        for execution_id in self._due.executions(now, BATCH):
            time_out(self._services, execution_id)
            self.fired += 1
        due = self._due.operations(now, BATCH)
        self._invited = {id_: at for id_, at in self._invited.items() if id_ in due}
        for operation_id in due:
            invited = self._invited.get(operation_id)
            if invited is None:
                if not self._invite(operation_id, now):
                    break
            elif now - invited >= ARRIVAL_SECONDS * 1000:
                self._move_on(operation_id, now)

    def _move_on(self, operation_id: str, now: int) -> None:
        """Nobody came for it though one was invited, or none can be: make its transition here."""
        self._invited.pop(operation_id, None)
        Runner(self._services, self._deadline, stays_until=now).run(operation_id)
        self.fired += 1

    def _invite(self, operation_id: str, now: int) -> bool:
        """Whether there was a slot for a runner; with enough at work one of them will find it."""
        if not reserve_slot(self._services, operation_id):
            return False
        if send_runner(self._services, operation_id):
            self._invited[operation_id] = now
            self.fired += 1
        else:
            self._move_on(operation_id, now)
        return True


def time_out(services: Services, execution_id: str) -> None:
    """End a run whose TimeoutSeconds are over; AWS gives it neither error nor cause (recorded).

    One that nobody waits for any more is due too: it is stopped.
    """
    run = services.store.executions.find(execution_id)
    if run is None:
        return
    ending = PARENT_ENDED if services.store.child_runs.is_orphan(run) else TIMED_OUT
    end_run(services, execution_id, ending, services.now(), if_due=True)
