"""Results that come from outside: by a task token, from an activity's worker, from a child run."""

from __future__ import annotations

from asl.language.events import Event
from asl.store.claims import Claim, Claims
from asl.store.database import Database
from asl.store.errors import TokenSpent, TokenUnknown
from asl.store.rows import Awaiting, OperationRow, Status, operation_id, split_operation_id

BY_TOKEN = (Awaiting.CALLBACK, Awaiting.CHILD, Awaiting.RESULT)


class Callbacks:
    """The verbs that answer a Claim want a transaction around them."""

    def __init__(self, database: Database, claims: Claims) -> None:
        self._db = database
        self._claims = claims
        self._beat = database.sql(
            "UPDATE operation SET due_at = ? WHERE execution_id = ? AND number = ? AND fence = ?"
        )
        self._select_call_id = database.sql(
            "SELECT call_id FROM operation WHERE execution_id = ? AND number = ?"
        )
        self._select_offered = database.sql(
            "SELECT execution_id, number FROM operation WHERE activity = ? "
            "ORDER BY created_at LIMIT ?"
        )
        self._await_child = database.sql(
            f"UPDATE operation SET awaiting = '{Awaiting.CHILD}', due_at = ?, request = ? "
            "WHERE execution_id = ? AND number = ? AND fence = ?"
        )
        self._child_ended = database.sql(
            "UPDATE operation SET due_at = ? WHERE execution_id = ? AND number = ? "
            f"AND awaiting = '{Awaiting.CHILD}' AND status = '{Status.WAITING}'"
        )

    def claim(self, token: str, event: Event) -> Claim:
        """The operation that a token belongs to, meeting `event`.

        TokenUnknown: it is none of ours. TokenSpent: its Task is over, or a later attempt is on.
        """
        id_, _, secret = token.rpartition(".")
        held = self._claims.locked(id_) if secret else None
        if held is None:
            raise self._refusal(id_)
        if held.operation.token != token or held.operation.awaiting not in BY_TOKEN:
            raise TokenSpent
        return held.meets(event)

    def _refusal(self, id_: str) -> TokenSpent | TokenUnknown:
        """Spent where the operation is there and only its run has ended."""
        key = split_operation_id(id_)
        return TokenSpent() if key is not None and self._claims.exists(*key) else TokenUnknown()

    def brought_by(self, token: str) -> str | None:
        """Who last brought a result of the Task that a token belongs to."""
        key = split_operation_id(token.rpartition(".")[0])
        found = None if key is None else self._db.execute(self._select_call_id, key).fetchone()
        return None if found is None else found[0]

    def beat(self, row: OperationRow, due_at: int | None) -> None:
        """A sign of life: the operation is next looked at at `due_at`."""
        key = (row.execution_id, row.number, row.fence)
        self._db.execute(self._beat, (due_at, *key))

    def offered(self, activity: str, limit: int) -> list[str]:
        """Ids of operations that workers of an activity may take, the oldest first."""
        found = self._db.execute(self._select_offered, (activity, limit)).fetchall()
        return [operation_id(execution, number) for execution, number in found]

    def claim_offered(self, id_: str, event: Event) -> Claim | None:
        """An offered operation, if nobody has taken it meanwhile."""
        held = self._claims.locked(id_)
        if held is None or held.operation.awaiting != Awaiting.WORKER:
            return None
        return held.meets(event)

    def await_child(self, row: OperationRow, child: str, due_at: int) -> None:
        """Wait for the end of a child run; look at it at `due_at` whatever happens."""
        key = (row.execution_id, row.number, row.fence)
        self._db.execute(self._await_child, (due_at, child, *key))

    def child_ended(self, execution_id: str, number: int, now: int) -> str | None:
        """Make the operation that waits for a child due; its id, if it still waits."""
        woken = self._db.write(self._child_ended, (now, execution_id, number))
        return operation_id(execution_id, number) if woken else None
