"""Map Runs and their children: executions that stand below another one."""

from typing import Any

from asl.store.columns import Json, ShortText, create_tables
from peewee import (
    BigIntegerField,
    BooleanField,
    CompositeKey,
    Database,
    DoubleField,
    Field,
    IntegerField,
    Model,
)


class MapRun(Model):
    id = ShortText(36, primary_key=True)
    execution_id = ShortText(26)
    operation = IntegerField()
    round = IntegerField()
    owner = ShortText(26)
    state_machine_id = ShortText(26)
    label = ShortText(40)
    express = BooleanField()
    status = ShortText(10)
    concurrency = IntegerField()
    tolerated_count = IntegerField(null=True)
    tolerated_percentage = DoubleField(null=True)
    failed = IntegerField()
    total = IntegerField(null=True)
    counts = Json(null=True)
    started_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False
        indexes = ((("execution_id",), False), (("owner", "started_at"), False))


class Execution(Model):
    """What is indexed anew: whether a run is a child comes before its id."""

    id = ShortText(26, primary_key=True)
    state_machine_id = ShortText(26)
    status = ShortText(10)
    root_execution = ShortText(26, null=True)
    map_run_id = ShortText(36, null=True)

    class Meta:
        legacy_table_names = False
        indexes = (
            (("state_machine_id", "root_execution", "id"), False),
            (("status", "root_execution", "id"), False),
            (("root_execution", "id"), False),
        )


class Operation(Model):
    execution_id = ShortText(26)
    number = IntegerField()
    parent = IntegerField()
    branch = IntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("execution_id", "number")


Execution.add_index(Execution.map_run_id, Execution.id, where=Execution.map_run_id.is_null(False))
Operation.add_index(
    Operation.execution_id, Operation.parent, Operation.branch, where=Operation.parent > 0
)

NEW_COLUMNS: tuple[tuple[str, str, Field], ...] = (
    ("execution", "root_execution", ShortText(26, null=True)),
    ("execution", "map_run_id", ShortText(36, null=True)),
    ("execution", "label", ShortText(40, null=True)),
    ("operation", "child_execution", ShortText(26, null=True)),
    ("operation", "weight", IntegerField(null=True)),
    ("operation", "map_run_id", ShortText(36, null=True)),
)
OLD_INDEXES = (
    ("execution", "execution_state_machine_id_id"),
    ("execution", "execution_status_id"),
    ("operation", "operation_execution_id_parent"),
)


def up(migrator: Any, database: Database) -> None:
    for table, name, field in NEW_COLUMNS:
        if name not in {column.name for column in database.get_columns(table)}:
            migrator.migrate(migrator.add_column(table, name, field))
    create_tables(database, (MapRun, Execution, Operation))
    for table, name in OLD_INDEXES:
        if name in {index.name for index in database.get_indexes(table)}:
            migrator.migrate(migrator.drop_index(table, name))
