"""The three databases of the contract: where they are, and how a test gets fresh tables."""

from __future__ import annotations

import os
from pathlib import Path

from asl.store import schema
from asl.store.database import Database
from asl.store.tables import TABLES

VARIABLES = {"postgres": "TEST_POSTGRES_URL", "mysql": "TEST_MYSQL_URL"}
KINDS = ("sqlite", *VARIABLES)
SERVERS = tuple(VARIABLES)
TABLE_NAMES = tuple(table._meta.table_name for table in TABLES)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/states.db"


def server_url(kind: str) -> str | None:
    """Where the server of a kind is; None where there is none, or none was named."""
    return os.environ.get(VARIABLES[kind]) if kind in VARIABLES else None


def why_skipped(kind: str) -> str:
    return f"{VARIABLES[kind]} names no {kind} database to test on"


def drop_tables(database: Database) -> None:
    with database.reading():
        known = set(database.peewee.get_tables())
        for name in (*TABLE_NAMES, schema.HISTORY_TABLE):
            if name in known:
                database.execute(f"DROP TABLE {name}")


def migrate_anew(database: Database) -> None:
    """Take what tables there are away, and make them as a first start does."""
    drop_tables(database)
    schema.migrate(database)


def empty_tables(database: Database) -> None:
    with database.transaction():
        for name in TABLE_NAMES:
            database.execute(f"DELETE FROM {name}")
