"""Map in Mode INLINE: iterations are branches of the same execution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asl.language.document import Document
from asl.language.effects import Branch, Fork
from asl.language.events import BranchFailed, Drained
from asl.language.fields import Fields
from asl.language.states.map_ import INLINE, WINDOW, Item, Map, parse_iteration, read_processor
from asl.language.states.state import Common
from asl.language.visit import Visit

DISTRIBUTED_ONLY = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")


@dataclass(frozen=True, kw_only=True)
class InlineMap(Map):
    """The first iteration that fails fails the state; the tolerated failures are read by no one."""

    def open(self, visit: Visit) -> Fork:
        items = self.read_items(visit)
        concurrency = self.read_concurrency(visit)
        visit.record("MapStateStarted", {"length": len(items)})
        kept = Document([[i.value, i.key] for i in items]) if len(items) > WINDOW else None
        return self._fork(visit, items, 0, concurrency, kept)

    def open_more(self, visit: Visit, event: Drained) -> Fork:
        if event.items is None:
            raise TypeError("a Map that opens its iterations in windows keeps its items")
        items = [Item(value, key) for value, key in event.items.value]
        concurrency = self.read_concurrency(visit)
        return self._fork(visit, items, event.opened, concurrency, event.items)

    def _fork(
        self,
        visit: Visit,
        items: Sequence[Item],
        first: int,
        concurrency: int,
        kept: Document | None,
    ) -> Fork:
        branches = [
            Branch(index, self.start, self.iteration_input(visit, index, items[index], ""))
            for index in range(first, min(first + WINDOW, len(items)))
        ]
        return Fork(branches, len(items), visit.token.variables, concurrency, kept)

    def record_branches(self, visit: Visit, failed: BranchFailed) -> None:
        """MapIterationFailed and, for the others, MapIterationAborted, each with its state."""
        previous = failed.last_event
        details = {"name": self.name, "index": failed.index}
        visit.record("MapIterationFailed", details, previous=previous)
        self.record_abort(visit, failed.type, previous, failed=True)
        for branch in failed.aborted:
            details = {"name": self.name, "index": branch.index}
            visit.record("MapIterationAborted", details, previous=previous)
            self.record_abort(visit, branch.type, previous)


def parse_inline(fields: Fields, common: Common) -> InlineMap:
    fields.refuse(DISTRIBUTED_ONLY, "in a Map state whose Mode is 'INLINE'")
    start = ""
    if (found := read_processor(fields)) is not None:
        processor, config = found
        if config is not None:
            config.one_of("Mode", (INLINE, "DISTRIBUTED"))
            config.close()
        start = common.machine.parse_branch(processor, common.name)
    return InlineMap(**parse_iteration(fields, common), start=start)
