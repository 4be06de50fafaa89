"""The slots of the runners: never more than the limit, whoever takes them at the same moment."""

from __future__ import annotations

from asl.store.store import Store

from tests.store import races
from tests.store.engine import NOW
from tests.store.races import Racers

LIMIT = 3


def test_a_slot_is_taken_once_and_given_back(store: Store) -> None:
    runners = store.runners
    assert runners.reserve("run.1", NOW, NOW + 10, 2)
    assert not runners.reserve("run.1", NOW, NOW + 10, 2)
    assert runners.reserve("run.2", NOW, NOW + 10, 2)
    assert not runners.reserve("run.3", NOW, NOW + 10, 2)
    runners.release("run.1")
    assert runners.reserve("run.3", NOW, NOW + 10, 2)


def test_a_slot_is_passed_on(store: Store) -> None:
    runners = store.runners
    assert not runners.pass_on("run.1", "run.2", NOW + 10)
    assert runners.reserve("run.1", NOW, NOW + 10, 2)
    assert runners.pass_on("run.1", "run.2", NOW + 10)
    assert not runners.pass_on("run.1", "run.3", NOW + 10)
    assert runners.reserve("run.1", NOW, NOW + 10, 2)
    assert not runners.pass_on("run.1", "run.2", NOW + 10)


def test_a_lost_runners_slot_is_free_when_its_time_is_over(store: Store) -> None:
    runners = store.runners
    assert runners.reserve("run.1", NOW, NOW + 10, 1)
    runners.renew("run.1", NOW + 20)
    assert not runners.reserve("run.2", NOW + 19, NOW + 30, 1)
    assert runners.reserve("run.2", NOW + 20, NOW + 30, 1)


def test_the_id_of_any_operation_is_a_slots_name(store: Store) -> None:
    assert store.runners.reserve("Z" * 26 + "." + "9" * 9, NOW, NOW + 10, 1)


def test_as_many_as_the_limit_get_a_slot_however_many_reach_for_one(
    database_url: str, store: Store, racers: Racers
) -> None:
    for _ in range(4):
        runs = [
            (races.reserve_all, (database_url, [f"{who}.{n}" for n in range(3)], LIMIT))
            for who in "abcd"
        ]
        taken = [won for wins in racers.race(*runs) for won in wins]
        assert sum(taken) == LIMIT
        for who in "abcd":
            for number in range(3):
                store.runners.release(f"{who}.{number}")
