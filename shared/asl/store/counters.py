"""Numbers that only grow, kept over the end of every process."""

from __future__ import annotations

from collections.abc import Mapping

from asl.store.database import Database
from asl.store.drivers import MYSQL

_INSERT = "INSERT INTO counter (name, value) VALUES "
_ADD = " ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value"
_ADD_ON_MYSQL = " ON DUPLICATE KEY UPDATE value = value + VALUES(value)"


class Counters:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._add = _ADD_ON_MYSQL if database.kind == MYSQL else _ADD
        self._statements: dict[int, str] = {}

    def add(self, increments: Mapping[str, int]) -> None:
        """Add to counters by name, in one statement, in whatever transaction is open.

        Always in the same order, so that two that add at the same time do not block each other.
        """
        if not increments:
            return
        rows = sorted(increments.items())
        parameters = [value for row in rows for value in row]
        self._db.execute(self._statement(len(rows)), parameters)

    def all(self) -> dict[str, int]:
        found = self._db.execute("SELECT name, value FROM counter").fetchall()
        return {name: int(value) for name, value in found}

    def _statement(self, rows: int) -> str:
        known = self._statements.get(rows)
        if known is None:
            text = _INSERT + ", ".join(["(?, ?)"] * rows) + self._add
            known = self._statements[rows] = self._db.sql(text)
        return known
