"""Map in Mode DISTRIBUTED: every item, or batch of items, is a child execution of a Map Run.

The state's own history tells of the run alone; what the children do stands in theirs.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from asl.language.document import Document
from asl.language.effects import Branch, Effect, Fork, ReadItems, WriteResults
from asl.language.errors import EXCEED_TOLERATED_FAILURE_THRESHOLD, RUNTIME
from asl.language.events import (
    Drained,
    Entered,
    Event,
    ItemsRead,
    Joined,
    Raised,
    ResultsWritten,
    Retried,
    ThresholdExceeded,
)
from asl.language.item_request import ResultRequest
from asl.language.limits import check_size
from asl.language.map_run import FAILED, SUCCEEDED, MapRun, Tolerance
from asl.language.progress import Progress
from asl.language.recovery import Failure
from asl.language.scope import Json
from asl.language.states.item_batcher import ItemBatcher, batches
from asl.language.states.item_reader import ItemReader
from asl.language.states.map_ import WINDOW, Item, Map
from asl.language.states.result_writer import ResultWriter
from asl.language.visit import Visit

LABELS = uuid.UUID("0f4e5f0e-3d55-4a7e-9a0c-6d1b1f6f2a53")
RUNS = uuid.UUID("5b6a3a5e-0d0e-4c39-8f4e-6a2f3f1f9c11")
STATE_DATA = "STATE_DATA"
WINDOW_SIZE = 8 << 20  # bytes of the inputs that are opened in one transaction
THRESHOLD = Failure(
    EXCEED_TOLERATED_FAILURE_THRESHOLD, "The specified tolerated failure threshold was exceeded"
)

Offered = tuple[Item, Json]
"""An item that a child may be given, and where reading goes on after it."""


@dataclass(frozen=True, kw_only=True)
class DistributedMap(Map):
    """label: names its Map Runs; empty where the definition gives none."""

    ISOLATES_BRANCHES: ClassVar[bool] = True

    label: str = ""
    express: bool = False
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None

    def on(self, event: Event, visit: Visit) -> Effect:
        if isinstance(event, (Entered, Retried)):
            return self._start(visit)
        progress = visit.progress = self._progress(visit)
        match event:
            case ItemsRead():
                return self._open_read(visit, progress, event)
            case Drained():
                return self._go_on(visit, progress)
            case Joined(outputs):
                return self._join_children(visit, progress, outputs)
            case ResultsWritten(after, files):
                return self._written(visit, replace(progress, files=files), after)
            case ThresholdExceeded():
                return self._exceed(visit, progress)
            case Raised(error, cause):
                return self.recover(visit, Failure(error, cause))
            case _:
                raise TypeError(f"a Distributed Map does not know {event!r}")

    def open(self, visit: Visit) -> Fork:
        raise TypeError("a Distributed Map opens its children by itself")

    def open_more(self, visit: Visit, event: Drained) -> Fork:
        raise TypeError("a Distributed Map opens its children by itself")

    def _progress(self, visit: Visit) -> Progress:
        if visit.progress is not None:
            return visit.progress
        if visit.token.notes is None:
            raise TypeError("a Distributed Map keeps notes of its Map Run")
        return Progress.read(visit.token.notes)

    def _start(self, visit: Visit) -> Effect:
        token, chance = visit.token, visit.moment.random.getrandbits(128)
        run_id = str(uuid.uuid5(RUNS, f"{token.operation}.{token.retry_count}.{chance}"))
        progress = Progress(run_id, self.run_label(token.execution.machine_id))
        scope = visit.scope(self.effective_input(visit))
        if self.reader is not None:
            items: list[Item] = []
            progress = replace(progress, request=self.reader.read_request(scope))
        else:
            items = self.read_items(visit)
            kept = [(item.value, item.key) for item in items]
            progress = replace(progress, items=kept, complete=True)
        concurrency = self.read_concurrency(visit)
        visit.record("MapStateStarted", {"length": len(items)})
        self._open_run(visit, progress, concurrency)
        arn = visit.token.execution.map_run_arn(progress.label, run_id)
        if self.writer is not None:
            results = self.writer.read_request(scope, run_id, arn)
            progress = visit.progress = replace(progress, results=results)
        return self._go_on(visit, progress)

    def run_label(self, machine_id: str) -> str:
        """What the state's Map Runs are named by, in the machine of that ARN."""
        machine_id = machine_id.partition("/")[0]
        return self.label or str(uuid.uuid5(LABELS, f"{machine_id}/{self.name}"))

    def _open_run(self, visit: Visit, progress: Progress, concurrency: int) -> None:
        scope = visit.scope(self.effective_input(visit))
        count = self.tolerated_count.read(scope) if self.tolerated_count else None
        percentage = self.tolerated_percentage.read(scope) if self.tolerated_percentage else None
        run = MapRun(
            progress.run, progress.label, self.express, concurrency, Tolerance(count, percentage)
        )
        arn = visit.token.execution.map_run_arn(progress.label, progress.run)
        visit.record("MapRunStarted", {"mapRunArn": arn})
        visit.map_run_opened, visit.progress = run, progress

    def _go_on(self, visit: Visit, progress: Progress) -> Effect:
        """Open the next children, of what is at hand or of what is read first."""
        if progress.request is None:
            items = [(Item(value, key), None) for value, key in progress.items]
            return self._open_window(visit, progress, items)
        limit = WINDOW
        if self.batcher is not None:
            scope = visit.scope(self.effective_input(visit))
            limit *= self.batcher.limits(scope).items or WINDOW
        if progress.request.limit:
            limit = min(limit, progress.request.limit - progress.used)
        return ReadItems(progress.request, progress.cursor, limit, progress.document)

    def _open_read(self, visit: Visit, progress: Progress, read: ItemsRead) -> Effect:
        offered = [(Item(item.value, item.key), item.cursor) for item in read.items]
        limit = 0 if progress.request is None else progress.request.limit
        complete = read.ended or 0 < limit <= progress.used + len(offered)
        return self._open_window(visit, replace(progress, complete=complete), offered)

    def _open_window(self, visit: Visit, progress: Progress, offered: Sequence[Offered]) -> Effect:
        """Open children for as many of the offered items as one window takes."""
        branches: list[Branch] = []
        used = size = 0
        for input_, count, closed in self._inputs(visit, progress, offered):
            full = len(branches) == WINDOW or size > WINDOW_SIZE
            if branches and (full or not (closed or progress.complete)):
                break
            check_size(self.name, input_)
            index = progress.opened + len(branches)
            branches.append(Branch(index, self.start, input_, count))
            used, size = used + count, size + len(input_.text)
        progress = self._after(progress, offered, used, len(branches))
        if not branches:
            return self._join_children(visit, progress, [])
        more = not progress.complete or bool(progress.items)
        return Fork(
            branches,
            progress.opened + more,
            concurrency=self.read_concurrency(visit),
            items=progress.document,
            item_count=None if not progress.complete else progress.used + len(progress.items),
        )

    def _inputs(
        self, visit: Visit, progress: Progress, offered: Sequence[Offered]
    ) -> Iterator[tuple[Document, int, bool]]:
        source = STATE_DATA if progress.request is None else progress.request.source
        inputs = (
            self.iteration_input(visit, progress.used + place, item, source)
            for place, (item, _) in enumerate(offered)
        )
        if self.batcher is None:
            return ((input_, 1, True) for input_ in inputs)
        limits = self.batcher.limits(visit.scope(self.effective_input(visit)))
        return batches(self.name, limits, inputs)

    def _after(
        self, progress: Progress, offered: Sequence[Offered], used: int, opened: int
    ) -> Progress:
        progress = replace(progress, used=progress.used + used, opened=progress.opened + opened)
        if progress.request is None:
            return replace(progress, items=progress.items[used:])
        if used < len(offered):  # the rest is read again
            progress = replace(progress, complete=False)
        return replace(progress, cursor=offered[used - 1][1] if used else progress.cursor)

    def _join_children(
        self, visit: Visit, progress: Progress, outputs: Sequence[Document]
    ) -> Effect:
        if progress.results is not None:
            return self._export(progress, progress.results)
        writer = self.writer
        values = [output.value for output in outputs] if writer is None else writer.combine(outputs)
        result = Document(values)
        check_size(self.name, result)
        return self._succeed(visit, result)

    def _exceed(self, visit: Visit, progress: Progress) -> Effect:
        """Too many items failed: what there is of results is written, then the run fails."""
        if progress.results is None:
            return self.recover(visit, THRESHOLD)
        return self._export(replace(progress, failed=True), progress.results)

    def _export(self, progress: Progress, results: ResultRequest, after: int = -1) -> Effect:
        return WriteResults(results, after, progress.files, progress.document)

    def _written(self, visit: Visit, progress: Progress, after: int | None) -> Effect:
        results = progress.results
        if results is None:
            raise TypeError("results were written that nobody asked for")
        if after is not None:
            return self._export(progress, results, after)
        if progress.failed:
            return self.recover(visit, THRESHOLD)
        details = {"MapRunArn": results.map_run_arn, "ResultWriterDetails": results.manifest}
        return self._succeed(visit, Document(details))

    def _succeed(self, visit: Visit, result: Document) -> Effect:
        visit.record("MapRunSucceeded")
        visit.map_run_ended, visit.progress = SUCCEEDED, None
        return self._join(visit, result, visit.last_event)

    def recover(self, visit: Visit, failure: Failure) -> Effect:
        """A run that is under way ends with the attempt; a retry makes a new one."""
        if visit.progress is not None:
            named = {"error": failure.error, "cause": failure.cause}
            visit.record("MapRunFailed", {k: v for k, v in named.items() if v is not None})
            visit.map_run_ended, visit.progress = FAILED, None
        return super().recover(visit, failure)

    def record_failure(self, visit: Visit, failure: Failure) -> None:
        """A fault of the state's own data, before there was a run, has no event (recorded)."""
        if visit.map_run_ended == FAILED or failure.error != RUNTIME:
            visit.record("MapStateFailed")
