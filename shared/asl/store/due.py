"""What has come due: found by time, whoever was to have done it."""

from __future__ import annotations

from asl.store.database import Database
from asl.store.errors import UniqueViolation
from asl.store.rows import Status, operation_id


class Due:
    """Reads and small guarded writes; no transaction is needed around them."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._select_operations = database.sql(
            "SELECT execution_id, number FROM operation WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        )
        self._select_executions = database.sql(
            "SELECT id FROM execution WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        )
        self._next = database.sql(
            "SELECT MIN(due_at) FROM ("
            "SELECT MIN(due_at) AS due_at FROM operation WHERE due_at IS NOT NULL UNION ALL "
            "SELECT MIN(due_at) FROM execution WHERE due_at IS NOT NULL) AS earliest"
        )
        self._renew = database.sql(
            "UPDATE operation SET due_at = ? WHERE execution_id = ? AND number = ? "
            f"AND fence = ? AND status = '{Status.EXECUTING}'"
        )
        self._claim_lease = database.sql(
            "UPDATE lease SET holder = ?, until = ? WHERE name = ? AND (until < ? OR holder = ?)"
        )
        self._insert_lease = database.sql(
            "INSERT INTO lease (name, holder, until) VALUES (?, ?, ?)"
        )
        self._select_lease = database.sql("SELECT until FROM lease WHERE name = ?")
        self._release_lease = database.sql(
            "UPDATE lease SET until = 0 WHERE name = ? AND holder = ?"
        )

    def operations(self, now: int, limit: int) -> list[str]:
        """Ids of operations that want attention, the longest waiting first."""
        found = self._db.execute(self._select_operations, (now, limit)).fetchall()
        return [operation_id(execution, number) for execution, number in found]

    def executions(self, now: int, limit: int) -> list[str]:
        """Ids of runs whose own time is over."""
        return [id_ for (id_,) in self._db.execute(self._select_executions, (now, limit))]

    def next(self) -> int | None:
        """When the next thing comes due (ms), None when nothing is pending."""
        earliest: int | None = self._db.execute(self._next).fetchone()[0]
        return earliest

    def renew(self, execution_id: str, number: int, fence: int, until: int) -> bool:
        """Hold a call's operation until `until`; False when it is no longer ours."""
        return bool(self._db.write(self._renew, (until, execution_id, number, fence)))

    def take_lease(self, name: str, holder: str, now: int, until: int) -> bool:
        """Take a role or keep it; False while somebody else has it."""
        parameters = (holder, until, name, now, holder)
        if self._db.write(self._claim_lease, parameters):
            return True
        if self._db.execute(self._select_lease, (name,)).fetchone() is not None:
            return False
        try:
            self._db.write(self._insert_lease, (name, holder, until))
        except UniqueViolation:
            return False
        return True

    def lease_until(self, name: str) -> int:
        """Until when a role is taken (ms), 0 when it is free."""
        found = self._db.execute(self._select_lease, (name,)).fetchone()
        return 0 if found is None else int(found[0])

    def release_lease(self, name: str, holder: str) -> None:
        self._db.write(self._release_lease, (name, holder))
