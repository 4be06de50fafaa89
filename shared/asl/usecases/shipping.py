"""Handing the records of ended runs to the log store, and closing those that have arrived."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from asl.remote.log_sinks.sink import LogRecord, LogSink, SinkFault
from asl.store.eviction import SLICE
from asl.store.rows import ExecutionRow
from asl.store.shipping import EndedRun
from asl.usecases.run_records import RunRecords
from asl.usecases.services import Services
from asl.usecases.transitions import again

log = logging.getLogger(__name__)

PORTION_BYTES = 1 << 20
PORTION_RECORDS = 1000
SEND_SECONDS = 10  # that a sink may take for a portion
PATIENCE = 3  # runs that do not arrive, one after the other, before the sink is left alone
CHILDREN = 20  # read at a time


class OutOfTime(Exception):
    """The call has to end; what has not arrived stays for the next one."""


class Outbox:
    """Gathers records to portions and sends them."""

    def __init__(self, sink: LogSink, has_time: Callable[[], bool]) -> None:
        self._sink = sink
        self._has_time = has_time
        self._records: list[LogRecord] = []
        self._size = 0

    def add(self, record: LogRecord) -> bool:
        """Whether all that was added has arrived by now."""
        self._records.append(record)
        self._size += len(record.text)
        if self._size < PORTION_BYTES and len(self._records) < PORTION_RECORDS:
            return False
        self.flush()
        return True

    def add_all(self, records: Iterable[LogRecord]) -> None:
        for record in records:
            self.add(record)

    def flush(self) -> None:
        """Send what there is; SinkFault or OutOfTime when it has not arrived."""
        records, self._records, self._size = self._records, [], 0
        if not records:
            return
        if not self._has_time():
            raise OutOfTime
        self._sink.send(records, SEND_SECONDS)


class Shipper:
    """Ships runs during one call, until `until` (ms).

    shipped: how many records were closed. failed: how many runs the sink refused, `reason` is what
    it said of the last one.
    """

    def __init__(self, services: Services, sink: LogSink, until: int) -> None:
        self._services = services
        self._store = services.store.shipping
        self._sink = sink
        self._until = until
        self._unavailable = 0
        self.shipped = self.failed = 0
        self.reason = ""

    @property
    def goes_on(self) -> bool:
        """Whether there is time, and a sink that can be reached."""
        return self._unavailable < PATIENCE and self._has_time()

    def ship(self, execution_ids: Sequence[str]) -> list[str]:
        """Hand over the records of runs: small ones together, and alone where that fails.

        The ids of those whose records are closed now.
        """
        runs = self._store.ended(execution_ids)
        large = {run.id for run in runs if self._is_large(run)}
        small = [run for run in runs if run.id not in large]
        closed = self._attempt(small, self._ship_small)
        if not closed and len(small) > 1:
            closed = [id_ for run in small for id_ in self._attempt([run], self._ship_small)]
        for run in runs:
            if run.id in large:
                closed += self._attempt([run], self._ship_large)
        return closed

    def _has_time(self) -> bool:
        return self._services.now() < self._until - SEND_SECONDS * 1000

    def _is_large(self, run: EndedRun) -> bool:
        return run.operations + run.events > SLICE or self._store.has_children(run.id)

    def _attempt(
        self, runs: Sequence[EndedRun], ship: Callable[[Sequence[EndedRun]], None]
    ) -> list[str]:
        if not runs or not self.goes_on:
            return []
        try:
            ship(runs)
        except OutOfTime:
            return []
        except SinkFault as fault:
            self._note(runs, fault)
            return []
        self._unavailable = 0
        return self._close(runs)

    def _note(self, runs: Sequence[EndedRun], fault: SinkFault) -> None:
        """A run that is refused alone is a failure; of several nobody knows which it was."""
        self.reason = str(fault)
        if len(runs) == 1:
            self._unavailable += not fault.is_refusal
            self.failed += 1
            told = {"execution": runs[0].id, "error": str(fault)}
            log.warning("the log sink did not take an execution", extra=told)

    def _close(self, runs: Sequence[EndedRun]) -> list[str]:
        closed = again(partial(self._store.close, runs, self._services.now()))
        self.shipped += len(closed)
        return closed

    def _outbox(self) -> Outbox:
        return Outbox(self._sink, self._has_time)

    def _records(self, run: EndedRun) -> RunRecords | None:
        """None: somebody else has removed it meanwhile."""
        row = self._services.store.executions.find(run.id)
        return None if row is None else RunRecords(self._services, row)

    def _ship_small(self, runs: Sequence[EndedRun]) -> None:
        outbox = self._outbox()
        for run in runs:
            records = self._records(run)
            if records is None:
                continue
            outbox.add_all(record for _, record in records.steps_and_events(0))
            outbox.add_all(records.closing())
        outbox.flush()

    def _ship_large(self, runs: Sequence[EndedRun]) -> None:
        """One run; how far it got is kept, so that it need not fit into one call."""
        (run,) = runs
        outbox, records = self._outbox(), self._records(run)
        if records is None:
            return
        for place, record in records.steps_and_events(self._store.place(run)):
            if outbox.add(record):
                again(partial(self._store.keep_place, run, place))
        outbox.flush()
        self._ship_children(run, records, outbox)
        outbox.add_all(records.closing())
        outbox.flush()

    def _ship_children(self, run: EndedRun, records: RunRecords, outbox: Outbox) -> None:
        after, told = "", list[ExecutionRow]()
        while children := self._store.children(run, after, CHILDREN):
            for child in children:
                for record in records.of_child(child):
                    if outbox.add(record):
                        again(partial(self._store.close_children, run, told))
                        told = []
                told.append(child)
            after = children[-1].id
        outbox.flush()
        again(partial(self._store.close_children, run, told))
