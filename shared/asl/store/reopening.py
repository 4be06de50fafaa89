"""What a new chapter of a run makes of its operations: some go on, some are made again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asl.language.document import Document
from asl.language.effects import Record
from asl.language.errors import DATA_LIMIT_EXCEEDED
from asl.language.progress import Progress
from asl.store.claims import json_or_none
from asl.store.commits import Commits
from asl.store.database import Database
from asl.store.drafts import first_operation
from asl.store.map_children import MapChildren
from asl.store.map_runs import MapRunRow, MapRuns
from asl.store.queues import held_in_queue
from asl.store.rows import (
    INSERT_OPERATION,
    OPERATION_COLUMNS,
    UPDATE_OPERATION,
    Awaiting,
    ExecutionRow,
    OperationRow,
    Status,
    operation_from,
    replace,
    update_values,
)

TOO_LARGE = json_or_none(DATA_LIMIT_EXCEEDED)


@dataclass(frozen=True, slots=True)
class Chapter:
    """How a run goes on.

    version: of its machine. due_at: when it times out now. state: which one is entered anew, with
    input and variables (JSON texts); None: what failed is made again, and what succeeded is kept.
    queue_limit: of its queue, None for any number. token: of the request
    that asked for it. map_run_arn: how the history names a Map Run.
    """

    version: int
    due_at: int | None
    map_run_arn: Callable[[MapRunRow], str]
    state: str | None = None
    input: str = "{}"
    variables: str = "{}"
    queue_limit: int | None = None
    token: str | None = None


class Reopening:
    """The rows and events of one new chapter, gathered and written in one transaction."""

    def __init__(
        self,
        database: Database,
        commits: Commits,
        run: ExecutionRow,
        chapter: Chapter,
        now: int,
        *,
        admitted: bool,
    ) -> None:
        self._db = database
        self._commits = commits
        self._map_runs = MapRuns(database)
        self._map_children = MapChildren(database)
        self._chapter = chapter
        self._now = now
        self._admitted = admitted
        self._owners: dict[str, ExecutionRow | None] = {run.id: run}
        self._id = run.id
        self.ready: list[str] = []
        names = ", ".join(f"o.`{name}`" for name in OPERATION_COLUMNS)
        self._select_unsucceeded = database.sql(
            f"SELECT {names} FROM operation o JOIN (SELECT MAX(number) AS last FROM operation "
            "WHERE execution_id = ? AND parent = ? AND parent > 0 AND parent_round = ? "
            "GROUP BY branch) AS ends ON ends.last = o.number WHERE o.execution_id = ? "
            f"AND o.status <> '{Status.SUCCEEDED}' ORDER BY o.branch"
        )
        self._insert = database.sql(INSERT_OPERATION)
        self._update = database.sql(UPDATE_OPERATION)
        self._note(run.id, "ExecutionRedriven", {"redriveCount": run.redrives})

    @property
    def _run(self) -> ExecutionRow:
        run = self._owners[self._id]
        assert run is not None
        return run

    def enter(self, chapter: Chapter) -> None:
        """Enter a state anew; what came after it before stands in the history."""
        input_ = Document.read(chapter.input)
        number = self._next_number()
        row = first_operation(self._run, number, chapter.state or "", input_, self._now)
        row = replace(row, opens=False, variables=chapter.variables, last_event=self._run.events)
        self._add(row)

    def resume(self, row: OperationRow) -> None:
        """Go on with an operation that did not succeed."""
        if _has_branches(row):
            self._reopen(row)
        else:
            self._again(row)

    def write(self) -> ExecutionRow:
        """The run as it is now; of its Map Runs' children the count of events is written."""
        for id_, owner in self._owners.items():
            if id_ != self._id and owner is not None:
                self._map_children.count(owner)
        return self._run

    def _again(self, row: OperationRow, *, held: bool = False) -> None:
        """A new operation for what one had to do; a child that is Express is made as a whole."""
        owner = self._owner(row)
        began = row.entered_event > 0 or not row.opens
        made = first_operation(
            self._run, self._next_number(), row.state, Document.read(row.input), self._now
        )
        made = replace(
            made,
            parent=row.parent,
            branch=row.branch,
            parent_round=row.parent_round,
            opens=row.opens and (owner is None or not began),
            variables=row.variables,
            last_event=0 if owner is None else owner.events,
            child_execution=row.child_execution,
            weight=row.weight,
        )
        self._add(replace(made, due_at=None) if held else made, held=held)

    def _add(self, row: OperationRow, *, held: bool = False) -> None:
        if not held and self._admitted:
            self.ready.append(row.id)
        elif not held:
            row = held_in_queue(row)
        self._db.execute(self._insert, row)

    def _reopen(self, row: OperationRow) -> None:
        """Wait for the branches again, of which those that did not succeed are made again."""
        self._owner(row)
        key = (row.execution_id, row.number, row.round, row.execution_id)
        found = self._db.execute(self._select_unsucceeded, key).fetchall()
        branches = [operation_from(values) for values in found]
        room, notes = self._room(row, branches), row.items
        if row.map_run_id is not None:
            room, notes = self._reopen_map_run(row, row.map_run_id) or len(branches), _fresh(notes)
        nested = [branch for branch in branches if _has_branches(branch)]
        others = [branch for branch in branches if not _has_branches(branch)]
        first = max(room - len(nested), 0 if nested else 1)
        for branch in (*others[:first], *nested):
            self.resume(branch)
        held = others[first:]
        released = row.opened - len(held)
        first_child = self._run.operations + 1 - released
        for branch in held:
            self._again(branch, held=True)
        waits = bool(branches)
        reopened = replace(
            row, status=Status.WAITING if waits else Status.PENDING, awaiting=Awaiting.BRANCHES,
            ends=False, due_at=None if waits else self._now, fence=row.fence + 1, counters="[]",
            output=None, error=None, cause=None, request=None, pending=len(branches),
            released=released, first_child=first_child, items=notes, ended_at=None,
        )  # fmt: skip
        if not waits and self._admitted:
            self.ready.append(row.id)
        elif not waits:
            reopened = held_in_queue(reopened)
        self._db.execute(self._update, update_values(reopened, row.fence))

    def _room(self, row: OperationRow, branches: Sequence[OperationRow]) -> int:
        """As many as were under way when it ended, which its limit bore."""
        return sum(branch.branch < row.released for branch in branches)

    def _reopen_map_run(self, row: OperationRow, map_run_id: str) -> int:
        """How many children may run at a time, 0 for any number."""
        run = self._map_runs.reopen(map_run_id, self._now)
        details = {"mapRunArn": self._chapter.map_run_arn(run), "redriveCount": run.redrives}
        self._note(row.child_execution or self._id, "MapRunRedriven", details, row)
        return run.concurrency

    def _owner(self, row: OperationRow) -> ExecutionRow | None:
        """The execution whose history an operation continues; None for a child without one."""
        id_ = row.child_execution or self._id
        if id_ not in self._owners:
            self._owners[id_] = child = self._map_children.reopen(id_, self._now)
            if child is not None:
                self._note(id_, "ExecutionRedriven", {"redriveCount": child.redrives})
        return self._owners[id_]

    def _note(self, owner: str, type_: str, details: Any, row: OperationRow | None = None) -> None:
        run = self._owners[owner]
        if run is None:
            return
        record = Record(run.events + 1, run.events if row else 0, type_, self._now, details)
        self._commits.append_history(owner, row.number if row else 0, [record])
        self._owners[owner] = replace(run, events=record.id)

    def _next_number(self) -> int:
        run = replace(self._run, operations=self._run.operations + 1)
        self._owners[self._id] = run
        return run.operations


def _has_branches(row: OperationRow) -> bool:
    """Whether something in it may be kept; a result that was too large has to be made anew."""
    return row.opened > 0 and row.error != TOO_LARGE


def _fresh(notes: str | None) -> str | None:
    """What a Distributed Map has noted, but for results that it began to write."""
    if notes is None:
        return None
    progress = Progress.read(Document.read(notes))
    return dataclasses.replace(progress, files={}, failed=False).document.text
