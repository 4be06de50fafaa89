"""The first tables, as they were: a copy that stays when `tables.py` goes on."""

from typing import Any

from asl.store.columns import Json, ShortText, create_tables
from peewee import BigIntegerField, BooleanField, CompositeKey, Database, IntegerField, Model


class Table(Model):
    class Meta:
        legacy_table_names = False


class StateMachine(Table):
    id = ShortText(26, primary_key=True)
    name = ShortText(80)
    claimed_name = ShortText(80, null=True, unique=True)
    type = ShortText(8)
    status = ShortText(8)
    active_version = IntegerField()
    retention_days = IntegerField(null=True)
    tags = Json()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()


class StateMachineVersion(Table):
    state_machine_id = ShortText(26)
    number = IntegerField()
    definition = Json()
    created_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("state_machine_id", "number")


class Execution(Table):
    id = ShortText(26, primary_key=True)
    state_machine_id = ShortText(26)
    version = IntegerField()
    name = ShortText(80)
    namespace = ShortText(80)
    queue = ShortText(80)
    status = ShortText(10)
    input = Json()
    output = Json(null=True)
    error = Json(null=True)
    cause = Json(null=True)
    retention_days = IntegerField(null=True)
    trace = ShortText(64)
    events = IntegerField()
    operations = IntegerField()
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    due_at = BigIntegerField(null=True)
    parent_execution = ShortText(26, null=True)
    parent_operation = IntegerField(null=True)

    class Meta:
        indexes = (
            (("state_machine_id", "name"), True),
            (("state_machine_id", "id"), False),
            (("status", "id"), False),
        )


class Operation(Table):
    execution_id = ShortText(26)
    number = IntegerField()
    parent = IntegerField()
    branch = IntegerField()
    parent_round = IntegerField()
    opens = BooleanField()
    ends = BooleanField()
    state = ShortText(80)
    type = ShortText(8)
    status = ShortText(10)
    awaiting = ShortText(10)
    due_at = BigIntegerField(null=True)
    fence = IntegerField()
    attempt = IntegerField()
    counters = Json()
    input = Json()
    variables = Json()
    output = Json(null=True)
    error = Json(null=True)
    cause = Json(null=True)
    request = Json(null=True)
    token = ShortText(128, null=True)
    deadline = BigIntegerField(null=True)
    heartbeat = IntegerField(null=True)
    call_id = ShortText(64, null=True)
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
    activity = ShortText(80, null=True)

    class Meta:
        primary_key = CompositeKey("execution_id", "number")


# Most rows are in none of these, so that a transition touches fewer pages.
Execution.add_index(Execution.due_at, where=Execution.due_at.is_null(False))
Execution.add_index(Execution.parent_execution, where=Execution.parent_execution.is_null(False))
Execution.add_index(Execution.ended_at, where=Execution.ended_at.is_null(False))
Operation.add_index(Operation.due_at, where=Operation.due_at.is_null(False))
Operation.add_index(Operation.activity, where=Operation.activity.is_null(False))
Operation.add_index(Operation.token, unique=True, where=Operation.token.is_null(False))
Operation.add_index(Operation.execution_id, Operation.parent, where=Operation.parent > 0)


class History(Table):
    execution_id = ShortText(26)
    first = IntegerField()
    operation = IntegerField()
    events = Json()

    class Meta:
        primary_key = CompositeKey("execution_id", "first")


class Lease(Table):
    name = ShortText(80, primary_key=True)
    holder = ShortText(80)
    until = BigIntegerField()


class Runner(Table):
    id = ShortText(40, primary_key=True)
    until = BigIntegerField()


TABLES = (StateMachine, StateMachineVersion, Execution, Operation, History, Lease, Runner)


def up(_migrator: Any, database: Database) -> None:
    create_tables(database, TABLES)
