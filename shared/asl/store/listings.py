"""The lists of runs that are shown to people, by what they were started through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from asl.store.database import Database
from asl.store.rows import ExecutionRow, execution_from
from asl.store.tables import Execution, MapRun, Operation


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs of a machine; None or empty: whichever.

    published, alias: started through that published version (or an alias that chose it), or
    through that alias. map_run_id: whose children; without it they are not among the runs.
    redriven: whether they have been.
    """

    state_machine_id: str
    statuses: Collection[str] = ()
    published: int | None = None
    alias: str | None = None
    map_run_id: str | None = None
    redriven: bool | None = None


class Listings:
    def __init__(self, database: Database) -> None:
        self._db = database

    def executions(
        self, filter_: Filter, *, per_page: int, before: str | None = None
    ) -> Sequence[ExecutionRow]:
        """Newest first; `before` is the id of the last one of the page before."""
        query = Execution.select().where(
            Execution.state_machine_id == filter_.state_machine_id,
            Execution.root_execution.is_null()
            if filter_.map_run_id is None
            else Execution.map_run_id == filter_.map_run_id,
        )
        if filter_.statuses:
            query = query.where(Execution.status.in_(list(filter_.statuses)))
        if filter_.published is not None:
            query = query.where(Execution.published == filter_.published)
        if filter_.alias is not None:
            query = query.where(Execution.alias == filter_.alias)
        if filter_.redriven is not None:
            redrives = fn.COALESCE(Execution.redrives, 0)
            query = query.where(redrives > 0 if filter_.redriven else redrives == 0)
        if before is not None:
            query = query.where(Execution.id < before)
        query = query.order_by(Execution.id.desc()).limit(per_page)
        with self._db.reading():
            return [execution_from(values) for values in query.tuples()]

    def item_counts(self, rows: Sequence[ExecutionRow]) -> dict[str, int]:
        """How many items each of these has that is a child of a Map Run; rows: of one run."""
        children = [row for row in rows if row.map_run_id is not None]
        if not children:
            return {}
        run, first = MapRun.alias(), Operation.alias()
        query: Any = (
            first.select(first.child_execution, first.weight)
            .join(
                run,
                on=(run.execution_id == first.execution_id) & (run.operation == first.parent),
            )
            .where(
                run.id == children[0].map_run_id,
                first.parent > 0,
                first.opens,
                first.child_execution.in_([row.id for row in children]),
            )
        )
        with self._db.reading():
            found: list[tuple[str, int | None]] = list(query.tuples())
        return {child: weight or 1 for child, weight in found}
