"""A run may be stopped, or run out of its time, at any point of its way: its whole tree ends."""

import json

import pytest
from asl.store.rows import ENDED, LIVE
from asl.usecases.stop import Stop, stop
from asl.usecases.timer import time_out

from tests.protocol.outside import OutsideWorld
from tests.protocol.points import TALLY, Points, sampled
from tests.protocol.trees import EVERYTHING
from tests.store.invariants import check_invariants

DAY = 86_400
FEW = 8  # points of a scenario that are tried on SQLite


class StoppedWorld(OutsideWorld):
    """Notes what the whole tree of a run looked like right after it was ended from outside."""

    def __init__(self, url, scenario):
        self.points = Points()
        timed = {**scenario["definition"], "TimeoutSeconds": DAY}
        super().__init__(url, {**scenario, "definition": timed})
        self.left = None

    def boot(self):
        super().boot()
        self.points.watch(self.services.store.database)

    def stop(self, execution):
        stop(Stop(execution=execution, error="Enough", cause="because"), self.services)
        self.left = self.tree(execution)

    def run_out_of_time(self, execution):
        self.now = self.row(execution).created_at + DAY * 1000
        for overdue in self.services.store.due.executions(self.now, 10):
            time_out(self.services, overdue)
        self.left = self.tree(execution)

    def tree(self, execution):
        """The rows of a run, of its children and of theirs, by table and key."""
        found, ids = {}, [execution]
        for id_ in ids:
            ids += self.ids("parent_execution = ? OR root_execution = ?", id_, id_)
            for table, key in (("execution", "id"), ("operation", "execution_id")):
                for row in self.select(table, f"{key} = ?", id_):
                    found[table, row["id"] if key == "id" else (id_, row["number"])] = row
            for row in self.select("history", "execution_id = ?", id_):
                found["history", id_, row["first"]] = row
            for row in self.select("map_run", "owner = ?", id_):
                found["map_run", row["id"]] = row
        return found

    def ids(self, where, *values):
        return [row["id"] for row in self.select("execution", where, *values)]

    def select(self, table, where, *values):
        database = self.services.store.database
        cursor = database.execute(database.sql(f"SELECT * FROM {table} WHERE {where}"), values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


ENDS = {
    "stop": (StoppedWorld.stop, ("Aborted", "Enough", "because")),
    "time": (StoppedWorld.run_out_of_time, ("TimedOut", None, None)),
}


@pytest.fixture(params=ENDS)
def end(request):
    return ENDS[request.param]


@pytest.fixture(params=EVERYTHING)
def scenario(request):
    return EVERYTHING[request.param]


def test_ended_at_any_point_a_run_ends_with_all_that_is_in_it(database_url, scenario, end):
    ending, said = end
    world = StoppedWorld(database_url, scenario)
    execution = world.begin()
    world.points.arm(None, None)
    world.settle()
    points = range(1, world.points.count + 1)
    for number in sampled(points, database_url, FEW, json.dumps(scenario) + said[0]):
        execution = world.begin()
        world.left = None
        world.points.arm(number, lambda run=execution: ending(world, run))
        world.settle()
        world.points.disarm()
        if world.left is None:  # by another order of things there were fewer points
            continue
        TALLY["ended from outside"] += 1
        check_what_was_left(world, execution, said, number)
    check_invariants(world.services.store)


def check_what_was_left(world, execution, said, number):
    row = world.row(execution)
    if row.status in ("Succeeded", "Failed"):
        assert world.left["execution", execution]["status"] == row.status, number
        return
    assert (
        row.status,
        row.error and json.loads(row.error),
        row.cause and json.loads(row.cause),
    ) == said
    after = world.tree(execution)
    changed = [key for key, values in world.left.items() if after[key] != values]
    assert changed == [], (number, "changed after the end")
    for (table, *key), values in after.items():
        if table == "execution":
            assert values["status"] in ENDED, (number, key)
        elif table == "operation":
            assert values["status"] not in LIVE, (number, key)
    for (table, *key), values in after.items():
        if (table, *key) not in world.left and table == "execution":
            assert values["status"] == "Aborted", (number, key, "went on without its parent")
