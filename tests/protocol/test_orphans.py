"""A child whose Task has given it up is ended; one that a Task waits for is left alone."""

import pytest
from asl.usecases.children import after_end
from asl.usecases.create import Create, create
from asl.usecases.redrive import Redrive, redrive
from asl.usecases.stop import Stop, stop

from tests.protocol.test_stop_faults import SLOW
from tests.protocol.trees import child
from tests.protocol.world import Crash, World
from tests.store.invariants import check_invariants

TIMEOUT = ["States.Timeout"]
GIVEN_UP = {
    "caught": {"Catch": [{"ErrorEquals": TIMEOUT, "Next": "End"}]},
    "retried": {"Retry": [{"ErrorEquals": TIMEOUT, "IntervalSeconds": 900, "MaxAttempts": 1}]},
}


def family(url, **fields):
    """A run whose Task waits for a run of another machine."""
    world = World(url)
    create(Create(definition=SLOW, name="slow"), world.services)
    definition = {"StartAt": "S", "States": {"S": {**child("slow", **fields), "Next": "End"}}}
    definition["States"]["End"] = {"Type": "Wait", "Seconds": 900, "End": True}
    return world, world.start(definition, {})


def deliver_all(world):
    while world.inbox.messages:
        function, body = world.inbox.messages.pop(0)
        if function == "step-runner":
            world.run(function, body)


def children(world):
    found = world.services.store.database.execute(
        "SELECT id FROM execution WHERE parent_execution IS NOT NULL ORDER BY id"
    ).fetchall()
    return [world.row(id_) for (id_,) in found]


@pytest.mark.parametrize("way", GIVEN_UP)
def test_a_child_is_ended_whose_task_timed_out_before_it_was_written_down(database_url, way):
    """The runner was lost after it had started the child, and before the Task waited for it."""
    world, parent = family(database_url, TimeoutSeconds=5, **GIVEN_UP[way])

    def lost(*_):
        raise Crash

    world.services.store.callbacks.await_child = lost
    with pytest.raises(Crash):
        deliver_all(world)
    world.crash_and_recover()
    world.run("timer", {})
    deliver_all(world)
    world.run("timer", {})

    first = children(world)[0]
    assert (first.status, first.error) == ("Aborted", '"States.ParentEnded"')
    assert world.row(parent).status == "Executing"
    check_invariants(world.services.store)


def test_a_late_look_at_an_end_leaves_the_children_of_the_next_chapter(database_url):
    """A run was read as ended, and is redriven before its children are looked for."""
    world, parent = family(database_url)
    deliver_all(world)
    stop(Stop(execution=parent), world.services)
    ended = world.row(parent)
    redrive(Redrive(execution=parent), world.services)
    deliver_all(world)
    executions = world.services.store.executions
    find, executions.find = executions.find, lambda id_: ended if id_ == parent else find(id_)

    after_end(world.services, parent, world.now)

    executions.find = find
    assert [run.status for run in children(world)] == ["Aborted", "Executing"]
