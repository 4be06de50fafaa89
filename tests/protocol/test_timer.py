"""The timer leaves when nothing is due soon; what is parked at that moment is not forgotten."""

from asl.usecases.redrive import Redrive, redrive
from asl.usecases.timer import time_out

from tests.protocol.scenarios import one
from tests.protocol.world import World


def test_what_is_parked_after_the_last_look_of_a_timer_brings_another_one(database_url):
    """Whoever parks it sees that a timer is up, and wakes none."""
    world = World(database_url)
    due = world.services.store.due
    look, looks = due.next, []

    def parked_after_the_look():
        looks.append(look())
        if len(looks) == 1:
            world.start(one({"Type": "Wait", "Seconds": 5}), {})
            world.inbox.messages.clear()
        return looks[-1]

    due.next = parked_after_the_look
    world.run("timer", {})

    assert ("timer", {}) in world.inbox.messages


def test_a_run_that_was_redriven_meanwhile_has_its_time_anew(database_url):
    """Two looked at what has come due; between them the run was redriven."""
    world = World(database_url)
    execution = world.start({**one({"Type": "Wait", "Seconds": 20}), "TimeoutSeconds": 10}, {})
    world.deliver()
    world.now += 11_000
    assert world.services.store.due.executions(world.now, 1) == [execution]
    time_out(world.services, execution)
    world.inbox.messages.clear()
    redrive(Redrive(execution=execution), world.services)
    assert ("timer", {}) in world.inbox.messages

    time_out(world.services, execution)

    assert world.row(execution).status == "Executing"
    world.settle()
    assert world.row(execution).status == "TimedOut"


def test_a_run_that_times_out_soon_wakes_the_timer(database_url):
    world = World(database_url)
    definition = one({"Type": "Task", "Resource": "fn:work.waitForTaskToken"})
    execution = world.start({**definition, "TimeoutSeconds": 5}, {})
    assert ("timer", {}) in world.inbox.messages

    started = world.now
    while world.deliver():
        pass

    assert world.row(execution).status == "TimedOut"
    assert world.row(execution).ended_at - started < 7_000
