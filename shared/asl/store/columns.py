"""Columns and tables that mean the same on the three kinds of database.

Migrations build on them, so what they write into the schema is never changed; a new form is a new
class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import (
    SQL,
    CharField,
    Context,
    Database,
    Model,
    MySQLDatabase,
    SchemaManager,
    TextField,
)

COLUMN_TYPES = {
    "sqlite": {"JSONTEXT": "TEXT", "COLLATION": "", "KEYED": " WITHOUT ROWID"},
    "postgres": {"JSONTEXT": "TEXT", "COLLATION": ' COLLATE "C"', "KEYED": ""},
    "mysql": {
        "JSONTEXT": "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "COLLATION": " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "KEYED": "",
    },
}
"""By kind: what JSONTEXT is, how short text is compared, how rows are laid in the key's order."""


class ShortText(CharField):
    """Text of some characters, compared by code point: case and accents count, and the order is
    the same everywhere.
    """

    def ddl_datatype(self, context: Context) -> SQL:
        datatype = super().ddl_datatype(context)
        return SQL(datatype.sql + context.state.field_types["COLLATION"])


class Json(TextField):
    """JSON text of any size (a MySQL TEXT ends at 64 KiB)."""

    field_type = "JSONTEXT"


class Schema(SchemaManager):
    """Creates a table; on SQLite the rows of one with a composite key lie in the key's order."""

    def _create_table(self, safe: bool = True, **options: Any) -> Context:
        context: Context = super()._create_table(safe=safe, **options)  # type: ignore[misc]
        if self.model._meta.composite_key:
            context.literal(context.state.field_types["KEYED"])
        return context

    def create_index(self, index: Any) -> None:
        """MySQL's indexes hold every row, whatever an index is declared to hold."""
        if isinstance(self.database, MySQLDatabase):
            index = index.clone()
            index._where = None
        self.database.execute(self._create_index(index, False))  # type: ignore


def create_tables(database: Database, models: Sequence[type[Model]]) -> None:
    """Create what is missing of tables and indexes: MySQL keeps the half of a migration that was
    made before a crash.
    """
    for model in models:
        schema = Schema(model, database)
        schema.create_table(safe=True)
        known = {index.name for index in database.get_indexes(model._meta.table_name)}
        for index in model._meta.fields_to_index():
            if index._name not in known:
                schema.create_index(index)
