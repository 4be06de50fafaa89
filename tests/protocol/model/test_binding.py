"""The model and the code are the same protocol: what is done to both leaves both in one state."""

import random

from tests.protocol.model.invariants import what_is_stored
from tests.protocol.model.protocol import State, successors
from tests.protocol.model.stage import Stage, actors
from tests.protocol.points import FULL, TALLY, sampled
from tests.store.invariants import check_invariants

FEW = 16  # walks through the model that are taken on SQLite
WALKS = range(1500 if FULL else FEW)
LONGEST = 40  # actions of a walk


def test_every_walk_through_the_model_is_taken_by_the_code_too(database_url):
    with actors(database_url) as (world, runners):
        for seed in sampled(WALKS, database_url, FEW):
            walk(Stage(world, runners), random.Random(seed), seed)
        check_invariants(world.services.store)


def walk(stage, chance, seed):
    state, taken = State(), []
    for _ in range(LONGEST):
        action, following = chance.choice(list(weighted(state)))
        taken.append(action)
        if action.what == "deliver" and chance.random() < 0.1:
            stage.early(action)
            assert stage.state() == what_is_stored(state), (seed, "early", taken)
        stage.do(action)
        state = following
        TALLY["model: actions done to the code"] += 1
        assert stage.state() == what_is_stored(state), (seed, taken)
    for runner, held in enumerate(state.runners):
        if held is not None:
            stage.release(runner)


def weighted(state):
    """What may happen next; an end from outside, which ends the walk's story, not so often."""
    for action, following in successors(state):
        rare = action.what == "stop" or action.how in ("fail", "deadline")
        yield from [(action, following)] * (1 if rare else 4)
