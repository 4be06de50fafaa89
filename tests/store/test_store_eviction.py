"""Eviction: what has ended long enough ago goes whole, and nothing else does."""

from __future__ import annotations

from itertools import pairwise

import pytest
from asl.store import eviction
from asl.store.rows import Status
from asl.store.store import Store

from tests.store import races
from tests.store.engine import NOW, TASK, Engine, parallel, pass_
from tests.store.races import Racers

DAY = 86_400_000
DEFAULT_DAYS = 7


def ended(engine: Engine, id_: str, at: int = NOW, **more: object) -> str:
    execution, first = engine.start(id_, created_at=at, **more)  # type: ignore[arg-type]
    engine.drain(first, now=at)
    assert engine.run(execution).status == Status.SUCCEEDED
    return execution


def evict(store: Store, *execution_ids: str) -> int:
    """Close the records of runs, and remove them."""
    store.shipping.close(store.shipping.ended(execution_ids), NOW)
    return store.eviction.evict(execution_ids)


@pytest.mark.parametrize(
    ("of_run", "of_machine", "days"),
    [(None, None, DEFAULT_DAYS), (None, 30, 30), (2, 30, 2), (30, None, 30), (1, 1, 1)],
)
def test_retention_is_the_runs_then_the_machines_then_the_installations(
    engine: Engine, store: Store, of_run: int | None, of_machine: int | None, days: int
) -> None:
    id_ = engine.create(retention_days=of_machine)
    execution = ended(engine, id_, retention_days=of_run)
    assert store.eviction.old(NOW + days * DAY - 1, DEFAULT_DAYS, 10) == []
    assert store.eviction.count(NOW + days * DAY - 1, DEFAULT_DAYS) == (0, 0)
    assert store.eviction.old(NOW + days * DAY, DEFAULT_DAYS, 10) == [execution]
    assert store.eviction.count(NOW + days * DAY, DEFAULT_DAYS) == (1, 0)


def test_the_longest_ended_go_first_in_batches(engine: Engine, store: Store) -> None:
    id_ = engine.create(parallel({"A": pass_()}, {"B": pass_()}))
    order = [ended(engine, id_, NOW + at) for at in (5, 1, 3)]
    late = NOW + 8 * DAY
    batch = store.eviction.old(late, DEFAULT_DAYS, 2)
    assert batch == [order[1], order[2]]
    assert evict(store, *batch) == 2
    assert store.eviction.old(late, DEFAULT_DAYS, 2) == [order[0]]
    assert engine.operations(order[1]) == []
    assert len(engine.operations(order[0])) == 3


def test_age_counts_from_the_end(engine: Engine, store: Store) -> None:
    execution, _ = engine.start(engine.create(TASK), created_at=NOW - 100 * DAY)
    assert store.eviction.old(NOW, DEFAULT_DAYS, 10) == []
    engine.end(execution, NOW)
    assert store.eviction.old(NOW, DEFAULT_DAYS, 10) == []
    assert store.eviction.old(NOW + 7 * DAY, DEFAULT_DAYS, 10) == [execution]


def test_a_run_in_flight_is_never_evicted_whoever_asks(engine: Engine, store: Store) -> None:
    id_ = engine.create(TASK)
    running, first = engine.start(id_)
    pending, _ = engine.start(id_)
    engine.advance(first)
    gone, _ = engine.start(id_)
    engine.end(gone)
    assert evict(store, running, pending, gone, "nobody") == 1
    assert engine.run(running).status == Status.EXECUTING
    assert len(engine.operations(running)) == 1


def test_a_run_whose_record_is_open_is_never_evicted_whoever_asks(
    engine: Engine, store: Store
) -> None:
    execution = ended(engine, engine.create())
    assert store.eviction.evict([execution]) == 0
    assert store.eviction.old(NOW + 8 * DAY, DEFAULT_DAYS, 10) == [execution]
    assert store.eviction.closed(NOW + 8 * DAY, DEFAULT_DAYS, 10) == []


def test_a_record_is_closed_only_if_its_run_is_as_it_was_read(engine: Engine, store: Store) -> None:
    execution = ended(engine, engine.create())
    (run,) = store.shipping.ended([execution])
    assert store.shipping.close([run._replace(events=run.events + 1)], NOW) == []
    assert store.shipping.close([run._replace(ended_at=NOW - 1)], NOW) == []
    assert store.shipping.close([run], NOW) == [execution]
    assert store.shipping.ended([execution]) == []
    assert store.eviction.closed(NOW + 8 * DAY, DEFAULT_DAYS, 10) == [execution]
    assert store.eviction.old(NOW + 8 * DAY, DEFAULT_DAYS, 10) == []


def test_how_far_the_record_of_a_run_is_holds_for_this_end_of_it_alone(
    engine: Engine, store: Store
) -> None:
    execution = ended(engine, engine.create())
    (run,) = store.shipping.ended([execution])
    assert store.shipping.place(run) == 0
    store.shipping.keep_place(run, 3)
    store.shipping.keep_place(run, 5)
    assert store.shipping.place(run) == 5
    assert store.shipping.place(run._replace(events=run.events + 1)) == 0
    assert evict(store, execution) == 1
    assert store.counters.all() == {}


def test_a_run_with_thousands_of_steps_is_removed_some_at_a_time(
    engine: Engine, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eviction, "SLICE", 3)
    id_ = engine.create(parallel(*({f"B{number}": pass_()} for number in range(8))))
    execution = ended(engine, id_)
    store.shipping.close(store.shipping.ended([execution]), NOW)
    sizes = [len(engine.operations(execution))]
    while store.eviction.trim([execution]):
        sizes.append(len(engine.operations(execution)))
    assert sizes[0] == 9
    assert sorted(sizes, reverse=True) == sizes
    assert all(before - after <= 3 for before, after in pairwise(sizes))
    assert sizes[-1] <= 3
    assert store.eviction.evict([execution]) == 1


def test_an_evicted_batch_can_be_asked_for_again(engine: Engine, store: Store) -> None:
    execution = ended(engine, engine.create())
    assert evict(store, execution) == 1
    assert evict(store, execution) == 0
    assert evict(store) == 0


def test_a_name_is_free_again_after_its_run_was_evicted(engine: Engine, store: Store) -> None:
    id_ = engine.create()
    execution = ended(engine, id_, name="one")
    evict(store, execution)
    assert store.executions.find_by_name(id_, "one") is None
    engine.start(id_, name="one")


def test_an_eviction_cut_off_leaves_no_orphan(engine: Engine, store: Store) -> None:
    class CutOff(BaseException):
        pass

    execution = ended(engine, engine.create())
    store.shipping.close(store.shipping.ended([execution]), NOW)
    run, execute = engine.run(execution), store.database.execute

    for statements in range(1, 5):
        calls = 0

        def cut_off(*arguments: object, limit: int = statements) -> object:
            nonlocal calls
            calls += 1
            if calls == limit:
                raise CutOff
            return execute(*arguments)  # type: ignore[arg-type]

        store.database.execute = cut_off  # type: ignore[method-assign]
        try:
            with pytest.raises(CutOff):
                store.eviction.evict([execution])
        finally:
            store.database.execute = execute  # type: ignore[method-assign]
        assert engine.run(execution) == run
        assert len(engine.operations(execution)) == 1


def test_a_deleted_machine_goes_with_its_last_run(engine: Engine, store: Store) -> None:
    id_, kept = engine.create(name="m"), engine.create(name="n")
    execution = ended(engine, id_)
    assert store.eviction.evict_machines() == 0
    store.machines.delete(id_, NOW)
    assert store.eviction.evict_machines() == 0
    assert store.machines.definition(id_, 1) is not None
    evict(store, execution)
    assert store.eviction.evict_machines() == 1
    assert store.machines.find(id_) is None
    assert store.machines.definition(id_, 1) is None
    assert store.machines.find(kept) is not None


def test_machines_that_are_still_needed_do_not_keep_others_from_going(
    engine: Engine, store: Store
) -> None:
    for number in range(4):
        id_ = engine.create(name=f"m{number}")
        if number < 2:
            engine.start(id_)
        store.machines.delete(id_, NOW)
    assert store.eviction.evict_machines(limit=1) == 1
    assert store.eviction.evict_machines(limit=1) == 1
    assert store.eviction.evict_machines(limit=1) == 0


def test_a_machine_is_not_evicted_from_under_a_run_that_is_being_started(
    engine: Engine, store: Store, database_url: str, racers: Racers
) -> None:
    machines = [engine.create(name=f"m{number}") for number in range(25)]
    started, _ = racers.race(
        (races.start_all, (database_url, machines)), (races.evict_all, (database_url, machines))
    )
    assert set(started) <= {"accepted", "MachineDeleted"}
    for id_, outcome in zip(machines, started, strict=True):
        assert (store.machines.definition(id_, 1) is not None) or outcome == "MachineDeleted"


def test_two_evictors_remove_each_run_once(
    engine: Engine, store: Store, database_url: str, racers: Racers
) -> None:
    id_ = engine.create(parallel({"A": pass_()}, {"B": pass_()}))
    batches = [[ended(engine, id_) for _ in range(4)] for _ in range(8)]
    once, again = racers.race(
        (races.evict_runs, (database_url, batches)),
        (races.evict_runs, (database_url, [batch[::-1] for batch in batches])),
    )
    assert once + again == 32
    for table in ("execution", "operation", "history"):
        assert store.database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0
