"""A run that is in flight while the tables are migrated goes on as if nothing had happened."""

import shutil

import pytest
from asl.store import schema
from playhouse.migrations import Runner

from tests.protocol.scenarios import branch, one, task
from tests.protocol.world import World
from tests.store import databases
from tests.store.invariants import check_invariants
from tests.store.test_store_migrations import unmigrated, url_of

__all__ = ["unmigrated"]

MIGRATIONS = sorted(path.stem for path in schema.MIGRATIONS.glob("[0-9]*.py"))
DEFINITION = one(
    {
        "Type": "Parallel",
        "Branches": [branch("Call", task()), branch("Wait", {"Type": "Wait", "Seconds": 900})],
    }
)


@pytest.mark.parametrize("older", MIGRATIONS[:-1])
def test_a_run_goes_on_after_an_upgrade(unmigrated, tmp_path, older):
    url = url_of(unmigrated, tmp_path)
    world = World(url, {"work": [{"return": 7}]})
    execution = world.start(DEFINITION, {})
    while world.deliver():
        pass
    rows = {name: read(world.services.store.database, name) for name in databases.TABLE_NAMES}
    assert world.row(execution).status == "Executing"

    world.close()
    databases.drop_tables(unmigrated)
    migrate_to(unmigrated, older, tmp_path / "older")
    for name, found in rows.items():
        write(unmigrated, name, found)
    world.boot()
    world.settle()

    check_invariants(world.services.store)
    row = world.row(execution)
    assert (row.status, row.output) == ("Succeeded", "[7,{}]")


def migrate_to(database, newest, folder):
    """As an installation of that time was migrated."""
    folder.mkdir()
    for name in MIGRATIONS[: MIGRATIONS.index(newest) + 1]:
        shutil.copy(schema.MIGRATIONS / f"{name}.py", folder)
    with database.reading():
        Runner(database.peewee, str(folder), table_name=schema.HISTORY_TABLE).up()


def read(database, table):
    cursor = database.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def write(database, table, rows):
    """As far as the table was there by then, and had the columns."""
    with database.reading():
        if not database.peewee.table_exists(table):
            return
        known = {column.name for column in database.peewee.get_columns(table)}
    for row in rows:
        kept = {name: value for name, value in row.items() if name in known}
        names = ", ".join(f"`{name}`" for name in kept)
        marks = ", ".join("?" * len(kept))
        insert = database.sql(f"INSERT INTO {table} ({names}) VALUES ({marks})")
        database.write(insert, tuple(kept.values()))
