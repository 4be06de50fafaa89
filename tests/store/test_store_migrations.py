"""Migrations: applied once by whoever comes first, and in the end what `tables.py` declares."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from asl.store import schema
from asl.store.columns import create_tables
from asl.store.database import Database, connect
from asl.store.store import open_store
from asl.store.tables import TABLES

from tests.store import databases, races
from tests.store.conftest import Servers, empty_server
from tests.store.races import Racers

COLUMNS = {
    "postgres": "SELECT column_name, data_type, character_maximum_length, is_nullable, "
    "collation_name FROM information_schema.columns WHERE table_name = %s "
    "AND table_schema = current_schema() ORDER BY ordinal_position",
    "mysql": "SELECT column_name, column_type, is_nullable, collation_name "
    "FROM information_schema.columns WHERE table_name = %s AND table_schema = DATABASE() "
    "ORDER BY ordinal_position",
}


@pytest.fixture(params=databases.KINDS)
def unmigrated(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Servers
) -> Iterator[Database]:
    """A database without tables, which has them again afterwards."""
    if request.param not in databases.SERVERS:
        database = connect(databases.sqlite_url(tmp_path))
        yield database
        database.close()
        return
    database = servers[empty_server(request.param, servers)]
    databases.drop_tables(database)
    yield database
    databases.migrate_anew(database)


def url_of(database: Database, folder: Path) -> str:
    return databases.server_url(database.kind) or databases.sqlite_url(folder)


def described(database: Database, table: str) -> dict[str, Any]:
    peewee = database.peewee
    with database.reading():
        indexes = {(i.name, tuple(i.columns), bool(i.unique)) for i in peewee.get_indexes(table)}
        key = peewee.get_primary_keys(table)
        if database.kind in COLUMNS:
            columns: Any = database.execute(COLUMNS[database.kind], (table,)).fetchall()
        else:
            asked = database.execute(f"PRAGMA table_xinfo({table})").fetchall()
            listed = database.execute(f"PRAGMA table_list({table})").fetchall()
            columns = (asked, listed)
    return {"columns": columns, "key": list(key), "indexes": indexes}


def test_the_migrations_make_what_the_tables_declare(unmigrated: Database) -> None:
    schema.migrate(unmigrated)
    migrated = {name: described(unmigrated, name) for name in databases.TABLE_NAMES}
    databases.drop_tables(unmigrated)
    with unmigrated.reading():
        create_tables(unmigrated.peewee, TABLES)
    declared = {name: described(unmigrated, name) for name in databases.TABLE_NAMES}
    assert migrated == declared


def test_text_is_compared_by_code_point_whatever_the_servers_own_order(server_url: str) -> None:
    database = connect(server_url)
    expected = {
        ("postgres", "character varying"): "C",  # JSON text is never compared
        ("mysql", "varchar"): "utf8mb4_bin",
        ("mysql", "longtext"): "utf8mb4_bin",
    }
    for table in databases.TABLE_NAMES:
        for name, type_, *_, collation in described(database, table)["columns"]:
            wanted = expected.get((database.kind, type_.partition("(")[0]))
            assert collation == wanted, f"{table}.{name}"
    database.close()


PLANS = {
    "what is due": ("operation_due_at", lambda store: store.due.operations(1, 1)),
    "runs out of time": ("execution_due_at", lambda store: store.due.executions(1, 1)),
    "what comes next": ("execution_due_at", lambda store: store.due.next()),
    "what comes next, of operations": ("operation_due_at", lambda store: store.due.next()),
    "what is old": ("execution_ended_at", lambda store: store.eviction.old(1, 1, 1)),
}


@pytest.mark.parametrize("name", PLANS)
def test_what_is_asked_all_the_time_is_answered_by_an_index(
    name: str, tmp_path: Path, template: Path
) -> None:
    """Shown on SQLite, which says what it does without regard to how much there is."""
    shutil.copy(template, tmp_path)
    store = open_store(databases.sqlite_url(tmp_path))
    index, ask = PLANS[name]
    plans: list[str] = []
    execute = store.database.execute

    def explain(statement: str, parameters: Sequence[Any] = ()) -> Any:
        plan = execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        plans.extend(str(step[-1]) for step in plan)
        return execute(statement, parameters)

    store.database.execute = explain  # type: ignore[method-assign]
    ask(store)
    assert any(f"INDEX {index}" in plan for plan in plans), plans
    store.database.close()


def test_a_second_migration_changes_nothing(unmigrated: Database) -> None:
    schema.migrate(unmigrated)
    before = {name: described(unmigrated, name) for name in databases.TABLE_NAMES}
    schema.migrate(unmigrated)
    assert {name: described(unmigrated, name) for name in databases.TABLE_NAMES} == before


def test_processes_that_start_at_the_same_moment_migrate_once(
    unmigrated: Database, tmp_path: Path, racers: Racers
) -> None:
    run = (races.migrate, (url_of(unmigrated, tmp_path),))
    racers.race(run, run, run, run)
    applied = unmigrated.execute(f"SELECT name FROM {schema.HISTORY_TABLE}").fetchall()
    assert sorted(name for (name,) in applied) == sorted(
        path.stem for path in schema.MIGRATIONS.glob("[0-9]*.py")
    )


def test_a_migration_that_was_cut_off_is_completed(unmigrated: Database) -> None:
    """As MySQL leaves it, where each change of a table is committed for itself."""
    schema.migrate(unmigrated)
    expected = {name: described(unmigrated, name) for name in databases.TABLE_NAMES}
    of_table = " ON operation" if unmigrated.kind == "mysql" else ""
    unmigrated.execute(f"DROP INDEX operation_due_at{of_table}")
    unmigrated.execute("DROP TABLE lease")
    unmigrated.execute(f"DELETE FROM {schema.HISTORY_TABLE}")
    schema.migrate(unmigrated)
    assert {name: described(unmigrated, name) for name in databases.TABLE_NAMES} == expected
