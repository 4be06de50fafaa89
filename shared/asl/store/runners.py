"""Slots of the runners: how many are invited or at work is bounded.

Whoever invites a runner takes a slot for it first, named after the operation it is invited for; a
runner that hands over passes its slot on, one that ends gives it back and then looks around once
more. So whoever makes work ready and finds no slot free may leave it: either a runner at work still
sees it, or one has ended since, and looked. Nothing falls between.
"""

from __future__ import annotations

from collections.abc import Mapping

from asl.store.counters import Counters
from asl.store.database import Database
from asl.store.errors import UniqueViolation
from asl.store.latch import Latch

SLOTS = "runners"  # the lease whose row is locked while slots are counted


class Runners:
    """Every verb is one transaction of its own. `until` (ms): when a slot counts as lost."""

    def __init__(self, database: Database, counters: Counters) -> None:
        self._db = database
        self._counters = counters
        self._expire = database.sql("DELETE FROM runner WHERE until <= ?")
        self._latch = Latch(database, SLOTS)
        self._reserve = database.sql(
            "INSERT INTO runner (id, until) SELECT ?, ? "
            "FROM (SELECT COUNT(*) AS taken FROM runner) AS slots WHERE taken < ?"
        )
        self._pass_on = database.sql("UPDATE runner SET id = ?, until = ? WHERE id = ?")
        self._renew = database.sql("UPDATE runner SET until = ? WHERE id = ?")
        self._release = database.sql("DELETE FROM runner WHERE id = ?")

    def reserve(self, operation_id: str, now: int, until: int, limit: int) -> bool:
        """Take a slot; False when `limit` are taken, or one for this operation is.

        False, too, for who races another one to count for the very first time.
        """
        try:
            with self._db.transaction():
                self._latch.hold()
                self._db.execute(self._expire, (now,))
                taken = self._db.execute(self._reserve, (operation_id, until, limit))
                return bool(taken.rowcount)
        except UniqueViolation:
            return False

    def pass_on(self, operation_id: str, next_operation_id: str, until: int) -> bool:
        """Give one's slot to the runner of the next operation; False when one has none."""
        try:
            return bool(self._db.write(self._pass_on, (next_operation_id, until, operation_id)))
        except UniqueViolation:
            return False

    def renew(self, operation_id: str, until: int) -> None:
        self._db.write(self._renew, (until, operation_id))

    def release(self, operation_id: str, counts: Mapping[str, int] | None = None) -> None:
        """Give a slot back; what was counted meanwhile is written in the same transaction."""
        if not counts:
            self._db.write(self._release, (operation_id,))
            return
        with self._db.transaction():
            self._db.execute(self._release, (operation_id,))
            self._counters.add(counts)
