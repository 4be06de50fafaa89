"""Of a queue with a limit so many runs are under way, and the others follow in order."""

import pytest
from asl.settings import Settings
from asl.usecases.errors import InvalidInput
from asl.usecases.heal import heal
from asl.usecases.queues import admit_waiting
from asl.usecases.redrive import Redrive, redrive
from asl.usecases.stop import Stop, stop
from asl.usecases.timer import TIMED_OUT

from tests.protocol.scenarios import one, task
from tests.protocol.test_redrives import mapped
from tests.protocol.world import World
from tests.store.invariants import check_invariants

WAIT = one({"Type": "Wait", "Seconds": 10})


def limited_world(url, **limits):
    world = World(url)
    set_limits(world, **limits)
    return world


def set_limits(world, **limits):
    world.services.settings = Settings(database_url=world.url, drain_seconds=0, queue_limits=limits)


def start(world, count, **more):
    runs = []
    for _ in range(count):
        world.now += 1
        runs.append(world.start(WAIT, {}, queue="q", **more))
    return runs


def under_way(world, runs):
    messages = world.inbox.messages
    while messages:
        function, body = messages.pop(0)
        if function == "step-runner":  # while the timer lives time passes
            world.run(function, body)
    check_invariants(world.services.store)
    return [world.row(run).status == "Executing" for run in runs]


def test_more_than_the_limit_wait_in_the_order_they_came(database_url):
    world = limited_world(database_url, q=2)
    runs = start(world, 4)
    assert under_way(world, runs) == [True, True, False, False]

    stop(Stop(execution=runs[1]), world.services)
    assert under_way(world, runs) == [True, False, True, False]

    world.settle()
    check_invariants(world.services.store)
    assert [world.row(run).status for run in runs] == [
        "Succeeded", "Aborted", "Succeeded", "Succeeded",
    ]  # fmt: skip


def test_a_queue_without_a_limit_is_only_a_name(database_url):
    world = limited_world(database_url, other=1)
    runs = start(world, 3)

    assert under_way(world, runs) == [True] * 3


def test_the_star_is_the_limit_of_every_queue_that_is_not_named(database_url):
    world = limited_world(database_url, **{"*": 1})
    runs = start(world, 2)

    assert under_way(world, runs) == [True, False]


def test_a_run_that_waits_for_its_turn_can_be_stopped(database_url):
    world = limited_world(database_url, q=1)
    runs = start(world, 3)
    stop(Stop(execution=runs[1]), world.services)
    world.settle()

    assert [world.row(run).status for run in runs] == ["Succeeded", "Aborted", "Succeeded"]


def test_a_timeout_counts_from_the_turn(database_url):
    world = limited_world(database_url, q=1)
    definition = {**one({"Type": "Wait", "Seconds": 40}), "TimeoutSeconds": 90}
    runs = [world.start(definition, {}, queue="q") for _ in range(4)]
    world.settle()

    assert [world.row(run).status for run in runs] == ["Succeeded"] * 4
    assert world.row(runs[3]).ended_at - world.row(runs[3]).created_at > 90_000


def test_a_lifted_limit_lets_all_go(database_url):
    world = limited_world(database_url, q=1)
    runs = start(world, 3)
    assert under_way(world, runs) == [True, False, False]
    set_limits(world)
    admit_waiting(world.services, 1)

    assert under_way(world, runs) == [True] * 3


def test_a_redriven_run_takes_its_turn(database_url):
    world = limited_world(database_url, q=1)
    world.functions.scripts["work"] = [{"raise": ["Boom", "why"]}, {"return": 1}]
    redriven = world.start(one(task()), {}, queue="q")
    world.settle()
    (busy,) = start(world, 1)
    assert redrive(Redrive(execution=redriven), world.services)["status"] == "Executing"
    under_way(world, [busy])
    assert len(world.functions.calls) == 1

    world.settle()
    check_invariants(world.services.store)
    assert [world.row(run).status for run in (busy, redriven)] == ["Succeeded"] * 2


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_a_redriven_map_whose_iterations_all_succeeded_takes_its_turn(database_url, mode):
    world = limited_world(database_url, q=1)
    absent = {"ResultSelector": {"n.$": "$.absent"}}
    redriven = world.start(mapped(mode, **absent), [1, 2], queue="q")
    world.settle()
    (busy,) = start(world, 1)
    assert under_way(world, [busy]) == [True]
    ended = world.row(redriven)
    redrive(Redrive(execution=redriven), world.services)
    check_invariants(world.services.store)
    assert world.services.store.due.operations(world.now, 1) == []

    world.settle()
    check_invariants(world.services.store)
    again = world.row(redriven)
    assert world.row(busy).status == "Succeeded"
    assert (again.status, again.error, again.cause) == ("Failed", ended.error, ended.cause)
    assert again.ended_at >= world.row(busy).ended_at
    assert len(world.functions.calls) == 2


def test_a_queue_that_nobody_was_told_of_is_found_among_many_full_ones(database_url):
    world = limited_world(database_url, **{"*": 1})
    runs = {q: [world.start(WAIT, {}, queue=q) for _ in range(2)] for q in "abcdefz"}
    busy, waiting = runs["z"]
    under_way(world, [])
    world.services.store.executions.end(busy, TIMED_OUT, world.now)

    heal(world.services)

    assert under_way(world, [waiting]) == [True]


def test_an_express_run_that_is_waited_for_takes_no_turn(database_url):
    world = limited_world(database_url, q=1)

    with pytest.raises(InvalidInput, match="queue: an Express execution that is waited for"):
        world.start(one({"Type": "Pass"}), {}, "EXPRESS", queue="q", wait=5)
