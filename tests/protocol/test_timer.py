"""The timer leaves when nothing is due soon; what is parked at that moment is not forgotten."""

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
