"""The runners that stay for more than one transition: how many there are is bounded.

A runner signs on before it stays and signs off before it looks around for the last time. Whoever
makes work ready looks here after committing it, and invites nobody when enough are signed on:
either one of them still sees the work, or it has signed off and somebody is invited. Nothing falls
between.
"""

from __future__ import annotations

from asl.store.database import Database


class Runners:
    """Every verb is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._count = database.sql("SELECT COUNT(*) FROM runner WHERE until > ?")
        self._insert = database.sql("INSERT INTO runner (id, until) VALUES (?, ?)")
        self._renew = database.sql("UPDATE runner SET until = ? WHERE id = ?")
        self._delete = database.sql("DELETE FROM runner WHERE id = ? OR until < ?")

    def signed_on(self, now: int) -> int:
        """How many runners stay at work; lost ones stop counting when their time is over."""
        return int(self._db.execute(self._count, (now,)).fetchone()[0])

    def sign_on(self, id_: str, until: int) -> None:
        self._db.write(self._insert, (id_, until))

    def renew(self, id_: str, until: int) -> None:
        self._db.write(self._renew, (until, id_))

    def sign_off(self, id_: str, now: int) -> None:
        """Forget this runner, and those that were lost without signing off."""
        self._db.write(self._delete, (id_, now))
