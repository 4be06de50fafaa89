"""A row that whoever counts something holds, so that two cannot find the same last place free."""

from __future__ import annotations

from asl.store.database import Database


class Latch:
    """Wants a transaction around it, and is held until that ends."""

    def __init__(self, database: Database, name: str) -> None:
        self._db = database
        self._name = name
        self._lock = database.sql("SELECT until FROM lease WHERE name = ? FOR UPDATE")
        self._insert = database.sql("INSERT INTO lease (name, holder, until) VALUES (?, '', 0)")

    def hold(self) -> None:
        """The very first one makes the row that is locked; UniqueViolation: it raced another."""
        if self._db.locks_rows and self._db.execute(self._lock, (self._name,)).fetchone() is None:
            self._db.execute(self._insert, (self._name,))
