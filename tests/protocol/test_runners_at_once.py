"""Three real processes work on the same runs at the same time, each by a clock of its own.

A process that finds nothing to do sets its clock to what comes due next, so their clocks are
minutes apart, and each takes the leases of the others for lapsed.
"""

import json

from tests.protocol.outside import Functions, OutsideWorld
from tests.protocol.points import FULL, TALLY
from tests.protocol.test_crash_points import verdict
from tests.protocol.trees import EVERYTHING
from tests.store.invariants import check_invariants
from tests.store.races import _together

PROCESSES = 3
RUNS = 10 if FULL else 1  # of each scenario
SLUGS = {  # Express children keep no history of their calls, which is counted here
    name.replace(" ", "-").replace(",", ""): name for name in EVERYTHING if "Express" not in name
}
MACHINES = {
    name: definition
    for scenario in EVERYTHING.values()
    for name, definition in scenario.get("machines", {}).items()
}


class FunctionsOfAll(Functions):
    """The namespace of a run, which is the app of its functions, says which scenario it is of."""

    def scripts_of(self, request):
        return EVERYTHING[SLUGS[request.app]].get("scripts", {}) if request.app else {}


class Everybody(OutsideWorld):
    """Runs all scenarios side by side."""

    def __init__(self, url, machines):
        super().__init__(url, {"activity": True, "machines": machines})
        self.functions = FunctionsOfAll({}, self.tell)
        vars(self.services)["functions"] = self.functions

    def begin(self, slug):
        scenario = EVERYTHING[SLUGS[slug]]
        return self.start(scenario["definition"], scenario.get("input", {}), namespace=slug)


def work(parties, url):
    """Do whatever there is to do; the attempts that this process called for."""
    world = Everybody(url, {})
    _together(parties)
    world.settle(100_000)
    world.close()
    return {key for _, key in world.functions.calls}


def test_many_runners_end_all_runs_as_one_does(database_url, racers):
    world = Everybody(database_url, MACHINES)
    runs = {world.begin(slug): EVERYTHING[SLUGS[slug]] for slug in list(SLUGS) * RUNS}
    called = racers.race(*[(work, (database_url,))] * PROCESSES)
    TALLY["runs raced for"] += len(runs)

    for execution, scenario in runs.items():
        ended = verdict(world, execution)
        assert ended["status"] == ("Succeeded" if "output" in scenario else "Failed"), scenario
        assert ended["output"] == scenario.get("output")
    check_invariants(world.services.store)
    assert results_of_functions(world) == len(set.union(*called))


def results_of_functions(world):
    """How many results of function calls were recorded; those of children are none."""
    database = world.services.store.database
    texts = [row[0] for row in database.execute("SELECT events FROM history").fetchall()]
    events = [event for text in texts for event in json.loads(text)]
    return sum(
        kind in ("TaskSucceeded", "TaskFailed", "TaskTimedOut")
        and details.get("resourceType") == "fn"
        for kind, _, _, details in events
    )
