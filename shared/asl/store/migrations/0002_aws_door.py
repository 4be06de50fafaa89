"""Published versions, aliases and activities, and what AWS's clients give with a definition."""

from typing import Any

from asl.store.columns import Json, ShortText, create_tables
from peewee import (
    BigIntegerField,
    BooleanField,
    CompositeKey,
    Database,
    Field,
    IntegerField,
    Model,
)


class PublishedVersion(Model):
    state_machine_id = ShortText(26)
    number = IntegerField()
    version = IntegerField()
    description = ShortText(256)
    deleted = BooleanField()
    created_at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("state_machine_id", "number")


class Alias(Model):
    state_machine_id = ShortText(26)
    name = ShortText(80)
    description = ShortText(256)
    routing = Json()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("state_machine_id", "name")


class Activity(Model):
    name = ShortText(80, primary_key=True)
    tags = Json()
    created_at = BigIntegerField()

    class Meta:
        legacy_table_names = False


NEW_TABLES = (PublishedVersion, Alias, Activity)
NEW_COLUMNS: tuple[tuple[str, str, Field], ...] = (
    ("state_machine_version", "role_arn", ShortText(256, null=True)),
    ("state_machine_version", "configuration", Json(null=True)),
    ("execution", "published", IntegerField(null=True)),
    ("execution", "alias", ShortText(80, null=True)),
)


def up(migrator: Any, database: Database) -> None:
    create_tables(database, NEW_TABLES)
    for table, name, field in NEW_COLUMNS:
        if name not in {column.name for column in database.get_columns(table)}:
            migrator.migrate(migrator.add_column(table, name, field))
