"""A stop that is cut off at any statement: either nothing was done, or the whole tree ends."""

import pytest
from asl.store.errors import TransactionConflict
from asl.usecases.stop import Stop, stop

from tests.protocol.faults import WAYS, FaultyWorld
from tests.protocol.points import TALLY, sampled
from tests.protocol.scenarios import branch, one
from tests.protocol.test_map_runs import distributed
from tests.protocol.trees import child, mapped
from tests.protocol.world import Crash
from tests.store.invariants import check_invariants

FEW = 3  # statements of a stop that fail on SQLite, in each way
REST = {"R": {"Type": "Wait", "Seconds": 50, "End": True}}
SLOW = {"StartAt": "R", "States": REST}
FORESTS = {
    "child": {"machines": {"slow": SLOW}, "definition": one(child("slow"))},
    "child of a child": {
        "machines": {"slow": SLOW, "between": one(child("slow"))},
        "definition": one(child("between")),
    },
    "children of branches": {
        "machines": {"slow": SLOW},
        "definition": one(
            {
                "Type": "Parallel",
                "Branches": [branch("A", child("slow")), branch("B", child("slow"))],
            }
        ),
    },
    "map run": mapped(distributed(REST)),
}


@pytest.fixture(params=FORESTS)
def scenario(request):
    return FORESTS[request.param]


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_that_fails_on_its_way_has_done_all_or_nothing(database_url, scenario, way):
    world = FaultyWorld(database_url, scenario)
    world.faults.arm(None, None)
    stop_on_its_way(world, grown(world, "undisturbed"))
    statements = range(1, world.faults.count + 1)
    for number in sampled(statements, database_url, FEW, way):
        execution = grown(world, f"n{number}")
        world.faults.arm(number, WAYS[way])
        stop_on_its_way(world, execution)
        world.faults.arm(None, None)
        TALLY["stops that failed"] += 1
        if world.row(execution).status == "Executing":
            stop(Stop(execution=execution), world.services)
        world.settle()
        assert statuses(world) <= {"Aborted"}, number
    check_invariants(world.services.store)


def grown(world, name):
    """A run that has come as far as it does before time has to pass."""
    execution = world.accept(name)
    while world.inbox.messages:
        function, body = world.inbox.messages.pop(0)
        if function != "timer":
            world.run(function, body)
    return execution


def stop_on_its_way(world, execution):
    try:
        world.acts(lambda: stop(Stop(execution=execution), world.services))
    except Crash:
        world.crash_and_recover()


def statuses(world):
    rows = world.services.store.database.execute("SELECT status FROM execution").fetchall()
    return {status for (status,) in rows}


@pytest.mark.parametrize("ended", ["parent", "child"])
def test_a_stop_that_another_transaction_is_preferred_to_is_made_again(database_url, ended):
    world = FaultyWorld(database_url, FORESTS["child"])
    execution = grown(world, "family")
    executions = world.services.store.executions
    end, refused = executions.end, []

    def conflict(id_, *arguments, **options):
        if (id_ == execution) == (ended == "parent") and not refused:
            refused.append(id_)
            raise TransactionConflict("deadlock")
        return end(id_, *arguments, **options)

    executions.end = conflict
    stop(Stop(execution=execution), world.services)

    assert refused
    assert statuses(world) == {"Aborted"}
