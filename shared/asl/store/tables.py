"""The tables. Times are ms since epoch, JSON is compact ASCII text, ids are ULIDs.

A row's columns stand in the order in which `rows.py` reads and writes them.
"""

from __future__ import annotations

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)


class Json(TextField):
    """JSON text of any size (a MySQL TEXT ends at 64 KiB)."""

    field_type = "JSONTEXT"


class Table(Model):
    """The root of all tables; bound to a database by `bind`."""

    class Meta:
        legacy_table_names = False


class StateMachine(Table):
    """A machine. `claimed_name` is its name while it lives, NULL once it is deleted."""

    id = CharField(26, primary_key=True)
    name = CharField(80)
    claimed_name = CharField(80, null=True, unique=True)
    type = CharField(8)
    status = CharField(8)
    active_version = IntegerField()
    retention_days = IntegerField(null=True)
    tags = Json()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()


class StateMachineVersion(Table):
    """A definition as it was stored; never changed."""

    state_machine_id = CharField(26)
    number = IntegerField()
    definition = Json()
    created_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("state_machine_id", "number")
        without_rowid = True


class Execution(Table):
    """One run. `events` and `operations` count what it has, and number what comes next.

    due_at: when the run as a whole times out.
    """

    id = CharField(26, primary_key=True)
    state_machine_id = CharField(26)
    version = IntegerField()
    name = CharField(80)
    namespace = CharField(80)
    queue = CharField(80)
    status = CharField(10)
    input = Json()
    output = Json(null=True)
    error = Json(null=True)
    cause = Json(null=True)
    retention_days = IntegerField(null=True)
    trace = CharField(64)
    events = IntegerField()
    operations = IntegerField()
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    due_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("state_machine_id", "name"), True),
            (("due_at",), False),
            (("ended_at",), False),
            (("status", "id"), False),
        )


class Operation(Table):
    """One state entered, by one branch or iteration.

    parent: number of the Parallel's or Map's operation, 0 at the top. round: how often a state
    opened its branches (an operation), or in which round it was opened (a branch's). due_at: when
    it wants attention: ready work, a lapsed lease, a wait, a timeout; NULL when it wants none.
    """

    execution_id = CharField(26)
    number = IntegerField()
    parent = IntegerField()
    branch = IntegerField()
    parent_round = IntegerField()
    opens = BooleanField()
    ends = BooleanField()
    state = CharField(80)
    type = CharField(8)
    status = CharField(10)
    awaiting = CharField(10)
    due_at = BigIntegerField(null=True)
    fence = IntegerField()
    attempt = IntegerField()
    counters = CharField(255)
    input = Json()
    variables = Json()
    output = Json(null=True)
    error = Json(null=True)
    cause = Json(null=True)
    request = Json(null=True)
    token = CharField(128, null=True, unique=True)
    deadline = BigIntegerField(null=True)
    heartbeat = IntegerField(null=True)
    call_id = CharField(64, null=True)
    round = IntegerField()
    pending = IntegerField()
    opened = IntegerField()
    released = IntegerField()
    total = IntegerField()
    first_child = IntegerField()
    items = Json(null=True)
    previous_event = IntegerField()
    entered_event = IntegerField()
    last_event = IntegerField()
    created_at = BigIntegerField()
    entered_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("execution_id", "number")
        without_rowid = True
        indexes = (
            (("due_at",), False),
            (("execution_id", "parent"), False),
        )


class History(Table):
    """The events that one commit appended: `[[type, previous, at, details], …]`, ids from first."""

    execution_id = CharField(26)
    first = IntegerField()
    operation = IntegerField()
    events = Json()

    class Meta:
        primary_key = CompositeKey("execution_id", "first")
        without_rowid = True


class Lease(Table):
    """A role that one process at a time plays, such as the timer's."""

    name = CharField(80, primary_key=True)
    holder = CharField(80)
    until = BigIntegerField()


TABLES = (StateMachine, StateMachineVersion, Execution, Operation, History, Lease)


def column_types(kind: str) -> dict[str, str]:
    """Column types that differ between the kinds of database."""
    return {"JSONTEXT": "LONGTEXT" if kind == "mysql" else "TEXT"}
