"""State machines: a name is one machine's while it lives; versions are added and never change."""

from __future__ import annotations

import pytest
from asl.store.errors import MachineDeleted, NameTaken
from asl.store.machines import DELETING
from asl.store.store import Store

from tests.store import races
from tests.store.engine import NOW, Engine
from tests.store.races import Racers

LONG_NAME = "ä" * 79 + "ß"


def test_a_machine_is_found_by_its_name_and_by_its_id(engine: Engine, store: Store) -> None:
    id_ = engine.create(name="orders", tags={"team": "a"}, retention_days=3)
    by_name, by_id = store.machines.find("orders"), store.machines.find(id_)
    assert by_name is not None
    assert by_id is not None
    assert (by_name.id, by_id.name, by_id.active_version) == (id_, "orders", 1)
    assert (by_id.tags, by_id.retention_days) == ('{"team":"a"}', 3)


def test_a_name_that_is_taken_is_refused_and_leaves_nothing(engine: Engine, store: Store) -> None:
    id_ = engine.create(name="orders")
    with pytest.raises(NameTaken):
        engine.create(name="orders")
    assert [row.id for row in store.machines.page(per_page=10)] == [id_]


@pytest.mark.parametrize(
    ("one", "other"),
    [("orders", "Orders"), ("cafe", "café"), ("strasse", "straße"), ("é", "e\u0301"), ("ä", "Ä")],
)
def test_names_that_differ_by_case_or_accent_are_two(
    engine: Engine, store: Store, one: str, other: str
) -> None:
    assert engine.create(name=one) != engine.create(name=other)
    found = store.machines.find(one)
    assert found is not None
    assert found.name == one


def test_a_name_of_eighty_characters_beyond_ascii_is_kept_whole(
    engine: Engine, store: Store
) -> None:
    id_ = engine.create(name=LONG_NAME)
    execution, _ = engine.start(id_, name=LONG_NAME)
    assert store.machines.name(id_) == LONG_NAME
    assert engine.run(execution).name == LONG_NAME


def test_one_of_many_who_create_a_name_at_the_same_moment_gets_it(
    database_url: str, store: Store, racers: Racers
) -> None:
    names = [f"name-{number}" for number in range(10)]
    arguments = (races.create_all, (database_url, names))
    for won in zip(*racers.race(arguments, arguments, arguments, arguments), strict=True):
        assert len([id_ for id_ in won if id_]) == 1


def test_an_update_adds_a_version_and_keeps_the_former(engine: Engine, store: Store) -> None:
    id_ = engine.create()
    former = store.machines.definition(id_, 1)
    updated = store.machines.update(id_, '{"new":1}', NOW + 1, retention_days=5)
    assert updated is not None
    assert (updated.active_version, updated.retention_days, updated.updated_at) == (2, 5, NOW + 1)
    assert store.machines.definition(id_, 1) == former
    assert store.machines.definition(id_, 2) == '{"new":1}'
    assert store.machines.definition(id_, 3) is None


def test_updates_at_the_same_moment_get_a_version_each(
    engine: Engine, database_url: str, racers: Racers
) -> None:
    id_ = engine.create()
    run = (races.update_all, (database_url, id_, 8))
    versions = [version for got in racers.race(run, run, run) for version in got]
    assert sorted(versions) == list(range(2, 26))


def test_a_deleted_machine_frees_its_name_and_starts_nothing_more(
    engine: Engine, store: Store
) -> None:
    id_ = engine.create(name="orders")
    row = engine.row(id_)
    deleted = store.machines.delete(id_, NOW + 1)
    assert deleted is not None
    assert deleted.status == DELETING
    assert store.machines.find("orders") is None
    assert store.machines.find(id_) is not None
    assert store.machines.name(id_) == "orders"
    assert store.machines.update(id_, "{}", NOW + 2) is None
    with pytest.raises(MachineDeleted):
        engine.accept(row)
    assert engine.create(name="orders") != id_


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.machines.find("nobody") is None
    assert store.machines.update("nobody", "{}", NOW) is None
    assert store.machines.delete("nobody", NOW) is None
    assert store.machines.names([]) == {}


def test_pages_join_to_all_machines_in_the_order_of_code_points(
    engine: Engine, store: Store
) -> None:
    names = ["B", "a", "a-b", "aB", "ab", "b", "z", "Ä", "ä", "中"]
    for name in reversed(names):
        engine.create(name=name)
    seen: list[str] = []
    while page := store.machines.page(per_page=3, after=seen[-1] if seen else None):
        seen.extend(row.name for row in page)
    assert seen == names


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("a", ["a%b", "a_b", "ab"]),
        ("A", ["AB"]),
        ("a%", ["a%b"]),
        ("a_", ["a_b"]),
        ("%", []),
        ("\\", ["\\x"]),
        ("ä", ["äb"]),
        ("ab", ["ab"]),
        ("abc", []),
    ],
)
def test_a_prefix_means_what_it_says(
    engine: Engine, store: Store, prefix: str, expected: list[str]
) -> None:
    for name in ("AB", "a%b", "a_b", "ab", "\\x", "äb"):
        engine.create(name=name)
    assert [row.name for row in store.machines.page(per_page=10, prefix=prefix)] == expected
