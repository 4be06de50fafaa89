"""Two or three runners on one run: whatever the order in which they get to the database."""

import random

import pytest

from tests.protocol.crew import Crew
from tests.protocol.outside import OutsideWorld
from tests.protocol.points import TALLY, sampled
from tests.protocol.scenarios import SCENARIOS
from tests.protocol.test_crash_points import one_result_per_attempt, verdict
from tests.protocol.trees import EVERYTHING
from tests.store.invariants import check_invariants

FEW = 3  # orders of a scenario that are tried on SQLite
SEEDS = range(100)
CHANGES = 0.2  # of the points, in a random order


@pytest.fixture(params=EVERYTHING)
def name(request):
    return request.param


def expected(url, scenario):
    world = OutsideWorld(url, scenario)
    execution = world.begin()
    world.settle()
    return told(world, execution)


def told(world, execution):
    ended = verdict(world, execution)
    return ended["status"], ended["output"], ended["error"]


def patiently(step, at_it, others):
    return at_it


def leaving_at(number):
    """The first one stops in mid-work while the other does all there is, then it goes on."""
    return lambda step, at_it, others: others[0] if step == number else at_it


def by_chance(seed):
    chance = random.Random(seed)
    return lambda _step, at_it, others: (
        chance.choice(others) if chance.random() < CHANGES else at_it
    )


def check(crew, name, execution, wanted, order):
    assert told(crew, execution) == wanted, order
    TALLY["orders of runners"] += 1
    if name in SCENARIOS:
        one_result_per_attempt(crew, execution)


def test_a_runner_may_be_held_up_at_any_point_while_another_does_its_work(database_url, name):
    scenario = EVERYTHING[name]
    wanted = expected(database_url, scenario)
    crew = Crew(database_url, scenario, members=2)
    crew.begin()
    steps = crew.settle(patiently)
    for number in sampled(range(1, steps + 1), database_url, FEW, name):
        crew.functions.calls.clear()
        execution = crew.begin()
        crew.settle(leaving_at(number))
        check(crew, name, execution, wanted, number)
    check_invariants(crew.services.store)


def test_three_runners_may_take_turns_as_they_like(database_url, name):
    scenario = EVERYTHING[name]
    wanted = expected(database_url, scenario)
    crew = Crew(database_url, scenario, members=3)
    for seed in sampled(SEEDS, database_url, FEW, name):
        crew.functions.calls.clear()
        execution = crew.begin()
        crew.settle(by_chance(seed))
        check(crew, name, execution, wanted, seed)
    check_invariants(crew.services.store)
