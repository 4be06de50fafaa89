"""Redrives, queues with a limit, what was shipped, and counters."""

from typing import Any

from asl.store.columns import ShortText, create_tables
from peewee import BigIntegerField, BooleanField, Database, Field, IntegerField, Model


class QueueEntry(Model):
    execution_id = ShortText(26, primary_key=True)
    queue = ShortText(80)
    admitted = BooleanField()

    class Meta:
        legacy_table_names = False
        indexes = ((("queue", "admitted", "execution_id"), False),)


class Counter(Model):
    name = ShortText(80, primary_key=True)
    value = BigIntegerField()

    class Meta:
        legacy_table_names = False


NEW_COLUMNS: tuple[tuple[str, str, Field], ...] = (
    ("execution", "redrives", IntegerField(null=True)),
    ("execution", "redriven_at", BigIntegerField(null=True)),
    ("execution", "redrive_token", ShortText(64, null=True)),
    ("execution", "shipped_at", BigIntegerField(null=True)),
    ("map_run", "redrives", IntegerField(null=True)),
    ("map_run", "redriven_at", BigIntegerField(null=True)),
)


def up(migrator: Any, database: Database) -> None:
    create_tables(database, (QueueEntry, Counter))
    for table, name, field in NEW_COLUMNS:
        if name not in {column.name for column in database.get_columns(table)}:
            migrator.migrate(migrator.add_column(table, name, field))
