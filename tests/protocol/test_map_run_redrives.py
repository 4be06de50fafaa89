"""A Map Run that was stopped in whatever it just did goes on with every item."""

import json

import pytest
from asl.usecases.redrive import Redrive, redrive
from asl.usecases.stop import Stop, stop

from tests.protocol.test_map_runs import TASK, MapWorld, alone, distributed, reading
from tests.protocol.world import Crash
from tests.store.invariants import check_invariants

BOOM = {"raise": ["Boom", "why"]}
RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]


@pytest.mark.parametrize("commits", range(1, 10))
def test_a_map_run_that_is_stopped_at_any_transition_keeps_its_items(
    database_url, commits, tmp_path
):
    """Its first attempt fails: the second one reads the items anew."""
    (tmp_path / "items.jsonl").write_text("1\n2\n3\n")
    world = MapWorld(database_url, tmp_path)
    world.functions.scripts["work"] = [BOOM, {"return": 0}]
    reader = reading(tmp_path)["ItemReader"]
    state = distributed(TASK, MaxConcurrency=1, Retry=RETRY, ItemReader=reader)
    execution = world.start(alone(state), {})
    stop_after(world, commits)
    stop(Stop(execution=execution), world.services)

    redrive(Redrive(execution=execution), world.services)

    check_invariants(world.services.store)
    world.settle()
    row = world.row(execution)
    assert (row.status, row.output and json.loads(row.output)) == ("Succeeded", [0, 0, 0])


def stop_after(world, commits):
    """The runner is lost right after so many transitions."""
    tally = world.services.tally
    add, made = tally.add, []

    def counted(name, count=1):
        add(name, count)
        made.append(name == "transitions")
        if sum(made) > commits:
            raise Crash

    tally.add = counted
    with pytest.raises(Crash):
        world.settle()
    world.crash_and_recover()
