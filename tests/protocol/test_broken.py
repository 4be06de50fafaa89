"""What nobody foresaw ends a run with its reason, once; mended, the run can be redriven."""

import json

import pytest
from asl.usecases.redrive import Redrive, redrive

from tests.protocol.scenarios import branch, one, task
from tests.protocol.world import MINUTE, World
from tests.store.invariants import check_invariants

PARALLEL = one({"Type": "Parallel", "Branches": [branch("A", task()), branch("B", task("fn:b"))]})


class Fault(Exception):
    """None of ours."""


def breaking(world, times):
    """The next calls of `work` raise what a call never should."""
    call, left = world.functions.call, [None] * times

    def broken(request, attempt, seconds):
        if left and request.function == "work":
            left.pop()
            raise Fault
        return call(request, attempt, seconds)

    world.functions.call = broken


@pytest.mark.parametrize("definition", [one(task()), PARALLEL])
def test_a_call_that_breaks_its_runner_fails_the_run(database_url, definition):
    world = World(database_url)
    breaking(world, 1)
    execution = world.start(definition, 1)
    world.settle()
    check_invariants(world.services.store)

    row = world.row(execution)
    assert (row.status, row.error) == ("Failed", '"States.Runtime"')
    assert "An unexpected fault (Fault)" in row.cause

    redrive(Redrive(execution=execution), world.services)
    world.settle()
    check_invariants(world.services.store)
    assert world.row(execution).status == "Succeeded"


def test_a_definition_that_cannot_be_read_any_more_fails_the_run(database_url):
    world = World(database_url)
    execution = world.start(one(task()), 1)
    spoil(world, "{}")
    world.boot()
    world.settle()
    check_invariants(world.services.store)
    assert world.row(execution).status == "Failed"

    spoil(world, json.dumps(one(task())))
    redrive(Redrive(execution=execution), world.services)
    world.settle()
    assert world.row(execution).status == "Succeeded"


def spoil(world, definition):
    database = world.services.store.database
    database.write(database.sql("UPDATE state_machine_version SET definition = ?"), (definition,))


def test_a_fault_of_the_surroundings_is_no_reason_to_fail(database_url):
    world = World(database_url)
    call, faults = world.functions.call, [OSError("no file descriptors left")]

    def poor(*arguments):
        if faults:
            raise faults.pop()
        return call(*arguments)

    world.functions.call = poor
    execution = world.start(one(task()), 1)
    while world.deliver():
        pass
    assert world.row(execution).status == "Executing"

    world.now += MINUTE
    world.settle()
    assert world.row(execution).status == "Succeeded"
