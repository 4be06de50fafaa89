"""A process may die before or after any statement: nothing is lost, nothing is doubled."""

import json

import pytest

from tests.protocol.scenarios import SCENARIOS
from tests.protocol.world import Crash, World
from tests.store.invariants import check_invariants


@pytest.fixture(params=SCENARIOS)
def scenario(request):
    return SCENARIOS[request.param]


def started(url, scenario):
    world = World(url, scenario.get("scripts"))
    execution = world.start(scenario["definition"], scenario.get("input", {}))
    return world, execution


def verdict(world, execution):
    row = world.row(execution)
    output = None if row.output is None else json.loads(row.output)
    return {"status": row.status, "output": output, "error": row.error, "events": row.events}


def undisturbed(url, scenario):
    """How it ends when nothing happens to it, and how many statements that takes."""
    world, execution = started(url, scenario)
    world.statements.arm(None, after=False)
    world.settle()
    statements = world.statements.count
    check_invariants(world.services.store)
    return verdict(world, execution), statements


def crashes(world):
    """Whether it crashed on its way (and left nothing of it in memory)."""
    try:
        world.settle()
    except Crash:
        return True
    return False


SERVERS_STEP = 7  # a server is asked at every seventh point only: a round trip takes its time


def crash_points(statements, url):
    points = [(number, after) for number in range(1, statements + 1) for after in (False, True)]
    return points if url.startswith("sqlite") else points[::SERVERS_STEP]


def test_every_scenario_ends_as_written(database_url, scenario):
    ended, _ = undisturbed(database_url, scenario)

    assert ended["status"] == ("Succeeded" if "output" in scenario else "Failed")
    assert ended["output"] == scenario.get("output")


def test_a_crash_at_any_statement_changes_nothing_that_counts(database_url, scenario):
    expected, statements = undisturbed(database_url, scenario)
    world = World(database_url, scenario.get("scripts"))
    for number, after in crash_points(statements, database_url):
        world.functions.calls.clear()
        execution = world.start(scenario["definition"], scenario.get("input", {}))
        world.statements.arm(number, after=after)
        if crashes(world):
            world.crash_and_recover()
            world.settle()
        world.statements.disarm()
        ended = verdict(world, execution)
        assert (ended["status"], ended["output"], ended["error"]) == (
            expected["status"],
            expected["output"],
            expected["error"],
        ), (number, after)
        one_result_per_attempt(world, execution)
    check_invariants(world.services.store)


def one_result_per_attempt(world, execution):
    """At least one call an attempt, and exactly one recorded result."""
    store = world.services.store
    select = store.database.sql("SELECT events FROM history WHERE execution_id = ?")
    rows = store.database.execute(select, (execution,)).fetchall()
    kinds = [event[0] for (text,) in rows for event in json.loads(text)]
    attempts = {key for _, key in world.functions.calls}

    assert kinds.count("TaskSucceeded") + kinds.count("TaskFailed") == len(attempts)


@pytest.mark.parametrize("harm", ["lost", "doubled", "reversed", "stale"])
def test_messages_may_be_lost_doubled_reordered_or_late(database_url, scenario, harm):
    expected, _ = undisturbed(database_url, scenario)
    world, execution = started(database_url, scenario)
    seen = []
    for _ in range(2000):
        messages = world.inbox.messages
        seen += messages
        if harm == "lost":
            messages.clear()
        elif harm == "doubled":
            messages.extend(list(messages))
        elif harm == "reversed":
            messages.reverse()
        elif harm == "stale" and seen:
            messages.append(seen[0])
        for function, body in [messages.pop(0) for _ in range(len(messages))]:
            world.run(function, body)
        if world.row(execution).ended_at is not None:
            break
        world.now += 1000
        if harm == "lost" or not world.inbox.messages:
            world.run("timer", {})
    check_invariants(world.services.store)
    ended = verdict(world, execution)

    assert (ended["status"], ended["output"]) == (expected["status"], expected["output"])
    one_result_per_attempt(world, execution)
