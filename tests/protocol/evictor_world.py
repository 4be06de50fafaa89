"""The world with a log sink: what it has shipped, beside what its database knew."""

import json

from asl.remote.log_sinks.file import FileSink
from asl.remote.log_sinks.sink import SinkFault
from asl.usecases.evict import Evict, evict

from tests.protocol.test_map_runs import PASS, alone, distributed
from tests.protocol.world import MINUTE, World
from tests.store.invariants import check_invariants

DAY = 86_400_000
LATE = 8 * DAY
CHAIN = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Task", "Resource": "fn:work", "Next": "B"},
        "B": {"Type": "Pass", "Result": "done", "Next": "C"},
        "C": {"Type": "Wait", "Seconds": 1, "End": True},
    },
}
FAILS = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "why"}}}
WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 90 * 86_400, "End": True}}}


class WatchedSink:
    """A real file, to which a process may crash or that may fail."""

    def __init__(self, path, statements):
        self._file = FileSink(path)
        self._statements = statements
        self.fails = False
        self.refuses = ()

    def send(self, records, seconds):
        if self.fails:
            raise SinkFault("nobody there")
        if any(record.labels["execution"] in self.refuses for record in records):
            raise SinkFault("too large", is_refusal=True)
        self._statements.around(self._file.send, records, seconds)


class EvictorWorld(World):
    """One whose evicted runs are shipped to a file; every portion is small."""

    def __init__(self, url, path):
        self.path = path
        self.sink = None
        super().__init__(url)

    def boot(self):
        super().boot()
        self.sink = WatchedSink(self.path, self.statements)
        vars(self.services)["log_sink"] = self.sink

    def evict(self, **fields):
        self.statements.counting = True
        try:
            return evict(Evict(**fields), self.services, self.now + MINUTE)
        finally:
            self.statements.counting = False


def prepare(world):
    """What is known of runs of all kinds that ended long ago, by id; and one that is in flight."""
    ended = [
        world.start(CHAIN, {"n": 1}),
        world.start(FAILS, {"n": 2}),
        world.start(alone(distributed(PASS)), [1, 2, 3]),
        world.start(alone(distributed(PASS, "EXPRESS")), [4, 5]),
    ]
    running = world.start(WAITS, {})
    while world.deliver():
        pass
    world.now += MINUTE
    world.run("timer", {})
    while world.deliver():
        pass
    assert all(world.row(id_).ended_at for id_ in ended)
    known = {id_: everything(world.services.store, id_) for id_ in ended}
    world.now += LATE
    return known, running


def everything(store, id_):
    """What the database holds of a run: (kind, execution, key) of each thing."""
    found = {("execution", id_, None)}
    select = store.database.sql("SELECT id FROM execution WHERE id = ? OR root_execution = ?")
    ids = [row[0] for row in store.database.execute(select, (id_, id_)).fetchall()]
    for each in ids:
        found.add(("execution", each, None))
        events = store.histories.forward(each, 1, 10_000)
        found |= {("event", each, event.id) for event in events}
    operations = store.executions.operations(id_, per_page=10_000)
    found |= {("step", id_, row.id) for row in operations}
    runs = store.shipping.map_runs(id_, "", 1000)
    return frozenset(found | {("map_run", id_, run.id) for run in runs})


KEYS = {"execution": None, "event": "id", "step": "step", "map_run": "map_run"}


def shipped(world):
    """What has arrived, in the words of `everything`; and the kinds in their order."""
    lines = world.path.read_text().splitlines() if world.path.exists() else []
    records = [json.loads(line) for line in lines]
    return {(r["kind"], r["execution"], r.get(KEYS[r["kind"]])) for r in records}, records


def check_all_gone(world, known, running):
    arrived, _ = shipped(world)
    for id_, things in known.items():
        assert world.row(id_) is None
        assert things <= arrived
        assert everything(world.services.store, id_) == {("execution", id_, None)}
    assert world.row(running).ended_at is None
    check_invariants(world.services.store)
    counters = world.services.store.counters.all()
    assert [name for name in counters if name.startswith("shipping.")] == []
