"""The database may fail before, after or instead of any statement; the process may go on or die."""

import pytest

from tests.protocol.faults import WAYS, FaultyWorld
from tests.protocol.points import TALLY, sampled
from tests.protocol.scenarios import SCENARIOS
from tests.protocol.test_crash_points import one_result_per_attempt, verdict
from tests.protocol.trees import EVERYTHING
from tests.protocol.world import Crash
from tests.store.invariants import check_invariants

FEW = 3  # statements of a scenario that fail on SQLite, in each way


def ends(world, execution):
    ended = verdict(world, execution)
    return ended["status"], ended["output"], ended["error"]


@pytest.fixture(params=EVERYTHING)
def name(request):
    return request.param


def test_a_fault_at_any_statement_changes_nothing_that_counts(database_url, name):
    scenario = EVERYTHING[name]
    world = FaultyWorld(database_url, scenario)
    world.faults.arm(None, None)
    expected = run_to_its_end(world, "undisturbed")
    statements = range(1, world.faults.count + 1)
    for nth, (way, strike) in enumerate(WAYS.items()):
        for number in sampled(statements, database_url, FEW, name + way):
            world.functions.calls.clear()
            world.faults.arm(number, strike)
            ended = run_to_its_end(world, f"{nth}-{number}")
            assert ended == expected, (way, number)
            TALLY[f"database: {way}"] += world.faults.has_struck
            if name in SCENARIOS:
                one_result_per_attempt(world, world.last)
    check_invariants(world.services.store)


def run_to_its_end(world, run_name):
    try:
        execution = world.accept(run_name)
    except Crash:
        world.crash_and_recover()
        execution = world.accept(run_name)
    world.last = execution
    world.settle()
    return ends(world, execution)
