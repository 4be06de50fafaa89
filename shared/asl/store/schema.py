"""Bringing the tables up to date: numbered migrations, applied once, by whoever comes first."""

from __future__ import annotations

from pathlib import Path

from asl.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
HISTORY_TABLE = "schema_migration"


def newest() -> str:
    """The name of the last migration this code knows."""
    return max(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))


def migrate(database: Database) -> None:
    """Apply the migrations that are missing; cheap when none is."""
    if _is_current(database):
        return
    from playhouse.migrations import Runner  # imported where it is needed: start-up counts

    with database.schema_lock():
        Runner(database.peewee, str(MIGRATIONS), table_name=HISTORY_TABLE).up()


def _is_current(database: Database) -> bool:
    """A table of migrations comes before they are applied, so it is asked for the last one."""
    with database.reading():
        if not database.peewee.table_exists(HISTORY_TABLE):
            return False
    known = database.sql(f"SELECT 1 FROM {HISTORY_TABLE} WHERE name = ?")
    return database.execute(known, (newest(),)).fetchone() is not None
