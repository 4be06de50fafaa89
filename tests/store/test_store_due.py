"""What is due is found by time; leases are held by one."""

from __future__ import annotations

from asl.store.store import Store

from tests.store import races
from tests.store.engine import NOW, TASK, Engine, machine
from tests.store.races import Racers

WAIT = machine({"W": {"Type": "Wait", "Seconds": 60, "End": True}})
YEAR_MS = 365 * 86_400_000


def test_the_longest_waiting_comes_first(engine: Engine, store: Store) -> None:
    id_ = engine.create()
    later = engine.start(id_, created_at=NOW + 5)[1]
    sooner = engine.start(id_, created_at=NOW + 3)[1]
    assert store.due.operations(NOW + 2, 10) == []
    assert store.due.operations(NOW + 5, 10) == [sooner, later]
    assert store.due.operations(NOW + 5, 1) == [sooner]


def test_next_is_the_earliest_of_operations_and_runs(engine: Engine, store: Store) -> None:
    assert store.due.next() is None
    id_ = engine.create(WAIT)
    first = engine.start(id_)[1]
    engine.advance(first)
    assert store.due.next() == NOW + 60_000
    execution, _ = engine.start(id_, created_at=NOW + 30_000, due_at=NOW + 10)
    assert store.due.next() == NOW + 10
    assert store.due.executions(NOW + 9, 10) == []
    assert store.due.executions(NOW + 10, 10) == [execution]


def test_a_year_is_not_too_long_to_wait(engine: Engine, store: Store) -> None:
    year = machine({"W": {"Type": "Wait", "Seconds": 31_536_000, "End": True}})
    engine.drain(engine.start(engine.create(year))[1])
    assert store.due.next() == NOW + YEAR_MS


def test_a_call_is_held_by_its_fence(engine: Engine, store: Store) -> None:
    _, first = engine.start(engine.create(TASK))
    advanced = engine.advance(first)
    assert advanced is not None
    row = advanced[0]
    key = (row.execution_id, row.number)
    assert store.due.renew(*key, row.fence, NOW + 5)
    assert store.due.renew(*key, row.fence, NOW + 5), "the same moment again is no refusal"
    assert store.due.next() == NOW + 5
    assert not store.due.renew(*key, row.fence - 1, NOW + 9)
    engine.answer(row)
    assert not store.due.renew(*key, row.fence, NOW + 9)
    assert store.due.next() is None


def test_a_lease_is_kept_by_its_holder_until_it_lapses(store: Store) -> None:
    due = store.due
    assert due.lease_until("timer") == 0
    assert due.take_lease("timer", "a", NOW, NOW + 100)
    assert due.lease_until("timer") == NOW + 100
    assert not due.take_lease("timer", "b", NOW + 100, NOW + 200)
    assert due.take_lease("timer", "a", NOW + 50, NOW + 150)
    assert due.take_lease("timer", "a", NOW + 50, NOW + 150), "the same moment again is no refusal"
    assert due.take_lease("timer", "b", NOW + 151, NOW + 200)
    assert not due.take_lease("timer", "a", NOW + 151, NOW + 200)
    due.release_lease("timer", "a")
    assert due.lease_until("timer") == NOW + 200
    due.release_lease("timer", "b")
    assert due.take_lease("timer", "a", NOW + 152, NOW + 200)


def test_one_of_many_who_reach_for_a_lease_has_it(
    database_url: str, store: Store, racers: Racers
) -> None:
    names = [f"role-{number}" for number in range(20)]
    runs = [(races.take_lease, (database_url, names, holder)) for holder in "abcd"]
    for taken in zip(*racers.race(*runs), strict=True):
        assert sum(taken) == 1
