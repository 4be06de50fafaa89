"""The look-around at the end of every action."""

import pytest
from asl.store.errors import DatabaseUnavailable
from asl.usecases.heal import heal, look_around

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def left_behind(world, runs=1):
    """Runs whose invitations were lost, and whose slots are free again."""
    for _ in range(runs):
        world.start(PASS, {})
    world.inbox.messages.clear()
    world.now += 10_000


def test_what_was_left_behind_is_invited_for_again(world):
    left_behind(world)
    heal(world.services)

    assert [function for function, _ in world.inbox.messages] == ["step-runner"]


def test_one_look_around_at_a_time_sees_to_it(world):
    left_behind(world, runs=8)
    for _ in range(5):
        heal(world.services)
    first = len(world.inbox.messages)
    world.now += 6000
    heal(world.services)

    assert first == 4
    assert len(world.inbox.messages) == 8


def test_looking_around_does_not_hide_for_how_long_something_was_left(world):
    left_behind(world)
    since = world.services.store.gauges.backlog(world.now).since
    for _ in range(3):
        heal(world.services)
        world.now += 6000

    assert world.services.store.gauges.backlog(world.now).since == since


def test_an_action_is_done_though_looking_around_fails(world, monkeypatch):
    def refuse(*_):
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(world.services.store.due, "operations", refuse)
    with pytest.raises(DatabaseUnavailable):
        heal(world.services)

    look_around(world.services)
