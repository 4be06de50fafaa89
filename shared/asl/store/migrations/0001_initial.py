"""The first tables."""

from typing import Any

from asl.store.tables import TABLES
from peewee import Database


def up(_migrator: Any, database: Database) -> None:
    database.create_tables(TABLES, safe=True)
