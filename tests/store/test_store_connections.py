"""Connections come and go; what is seen of it is one error, and nothing half done."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from asl.store.database import Database, connect
from asl.store.errors import DatabaseUnavailable, TransactionConflict, UniqueViolation
from asl.store.rows import Status
from asl.store.store import Store, open_store

from tests.store import races
from tests.store.engine import NOW, Engine
from tests.store.proxy import Proxy
from tests.store.races import Racers

KILL = {
    "postgres": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({}, 5000)"),
    "mysql": ("SELECT CONNECTION_ID()", "KILL {}"),
}
INSERT = "INSERT INTO lease (name, holder, until) VALUES (?, ?, ?)"


def insert(database: Database, name: str) -> None:
    database.execute(database.sql(INSERT), (name, "h", 1))


def insert_all(database: Database, *all_names: str) -> None:
    with database.transaction():
        for name in all_names:
            insert(database, name)


def names(database: Database) -> list[str]:
    return sorted(name for (name,) in database.execute("SELECT name FROM lease").fetchall())


def kill_connection(victim: Database, url: str) -> None:
    """As a server does that restarts, or was idled on for too long."""
    ask, kill = KILL[victim.kind]
    (id_,) = victim.execute(ask).fetchone()
    other = connect(url)
    other.execute(kill.format(id_))
    other.close()


VERBS: dict[str, Callable[[Store], object]] = {
    "a statement": lambda store: store.due.next(),
    "a write": lambda store: store.due.take_lease("role", "me", NOW, NOW + 1),
    "a transaction": lambda store: store.eviction.evict_machines(),
    "a query of the ORM": lambda store: store.machines.page(per_page=1),
    "a transaction of the ORM": lambda store: store.machines.delete("nobody", NOW),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_connection_that_the_server_closed_is_renewed_unseen(server_url: str, verb: str) -> None:
    store = open_store(server_url)
    for _ in range(2):
        kill_connection(store.database, server_url)
        VERBS[verb](store)
    store.database.close()


@pytest.mark.parametrize("verb", VERBS)
def test_a_connection_that_was_cut_is_renewed_unseen(server_url: str, verb: str) -> None:
    with Proxy(server_url) as proxy:
        store = open_store(proxy.url)
        proxy.cut()
        VERBS[verb](store)
        store.database.close()


@pytest.mark.parametrize("verb", VERBS)
def test_a_server_that_is_down_is_unavailable_until_it_is_back(server_url: str, verb: str) -> None:
    with Proxy(server_url) as proxy:
        store = open_store(proxy.url)
        proxy.down()
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                VERBS[verb](store)
        proxy.up()
        VERBS[verb](store)
        store.database.close()


def test_a_first_start_without_the_server_is_unavailable_and_can_be_tried_again(
    server_url: str,
) -> None:
    proxy = Proxy(server_url)
    with pytest.raises(DatabaseUnavailable):
        open_store(proxy.url)
    with proxy:
        open_store(proxy.url).database.close()


def test_a_connection_lost_within_a_transaction_undoes_it_whole(server_url: str) -> None:
    database = connect(server_url)

    def begin() -> None:
        with database.transaction():
            insert(database, "one")
            kill_connection(database, server_url)
            insert(database, "two")

    with pytest.raises(DatabaseUnavailable):
        begin()
    assert names(database) == []
    with database.transaction():
        insert(database, "three")
    assert names(database) == ["three"]
    database.close()


def test_a_transaction_whose_connection_was_lost_cannot_go_on_on_another(server_url: str) -> None:
    database = connect(server_url)

    def go_on() -> None:
        with database.transaction():
            insert(database, "one")
            kill_connection(database, server_url)
            for _ in range(3):
                with pytest.raises(DatabaseUnavailable):
                    insert(database, "two")

    with pytest.raises(DatabaseUnavailable):
        go_on()
    assert names(database) == []
    database.close()


def test_a_deadlock_undoes_one_of_the_two_and_says_so(server_url: str) -> None:
    database = connect(server_url)
    insert(database, "a")
    insert(database, "b")
    update = database.sql("UPDATE lease SET until = until + 1 WHERE name = ?")
    both, conflicts = threading.Barrier(2), []

    def cross(first: str, second: str) -> None:
        try:
            with database.transaction():
                database.execute(update, (first,))
                both.wait(10)
                database.execute(update, (second,))
        except TransactionConflict as conflict:
            conflicts.append(conflict)
        names(database)  # the connection is as good as before
        database.close()

    threads = [threading.Thread(target=cross, args=order) for order in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(conflicts) == 1
    assert database.execute("SELECT SUM(until) FROM lease").fetchone()[0] == 4
    database.close()


def test_a_unique_index_says_so_and_leaves_the_connection_good(database_url: str) -> None:
    database = open_store(database_url).database
    insert(database, "one")
    with pytest.raises(UniqueViolation):
        insert(database, "one")
    with pytest.raises(UniqueViolation):
        insert_all(database, "two", "one")
    assert names(database) == ["one"]
    database.close()


def test_transactions_do_not_nest(database_url: str) -> None:
    database = open_store(database_url).database

    def nest() -> None:
        with database.transaction():
            insert(database, "one")
            insert_all(database, "two")

    with pytest.raises(RuntimeError):
        nest()
    assert names(database) == []
    database.close()


def test_a_forked_process_has_a_connection_of_its_own(database_url: str) -> None:
    database = open_store(database_url).database
    insert(database, "before")

    def child() -> None:
        insert(database, "child")
        with database.transaction():
            insert(database, "child too")
        database.close()

    process = multiprocessing.get_context("fork").Process(target=child)
    with database.transaction():
        insert(database, "parent")
    process.start()
    process.join(30)
    assert process.exitcode == 0
    insert(database, "after")
    assert names(database) == ["after", "before", "child", "child too", "parent"]
    database.close()


def test_writers_of_one_file_wait_for_each_other(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    id_ = engine.create()
    run = (races.write_all, (database_url, id_, 25))
    assert racers.race(run, run, run, run) == [25] * 4
    runs = engine.store.executions.page(per_page=200)
    assert {row.status for row in runs} == {Status.SUCCEEDED}
    assert len(runs) == 100


def test_readers_are_not_kept_waiting_by_a_writer(engine: Engine, store: Store) -> None:
    execution, first = engine.start(engine.create())
    with races.Held(engine, first):
        assert engine.run(execution).status == Status.PENDING
        assert store.due.operations(NOW, 10) == [first]
        assert len(store.machines.page(per_page=10)) == 1


@pytest.mark.parametrize("content", [b"this is no database, but a text of some length" * 100])
def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "states.db").write_bytes(content)
    with pytest.raises(DatabaseUnavailable):
        open_store(f"sqlite:///{tmp_path}/states.db")


def test_a_folder_in_the_place_of_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "states.db").mkdir()
    with pytest.raises(DatabaseUnavailable):
        open_store(f"sqlite:///{tmp_path}/states.db")
