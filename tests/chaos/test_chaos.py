"""Runs go on while their database, their gateway and their functions are killed: a small storm.

`python -m tests.chaos` raises a big one.
"""

import pytest

from tests.chaos.proof import prove
from tests.chaos.servers import SERVERS, folder_for_all
from tests.chaos.storm import FAULTS
from tests.protocol.points import TALLY

RUNS = 10
SECONDS = {"patience": 60, "storm_seconds": 2}


@pytest.mark.parametrize("kind", SERVERS)
def test_no_run_is_lost_and_no_result_is_doubled(kind):
    if not SERVERS[kind].is_here:
        pytest.skip(f"there is no {kind} here that the test may start and kill")
    with folder_for_all() as folder, SERVERS[kind].started(folder / "server") as server:
        figures = prove(server, folder, RUNS, seed=1, quick=True, **SECONDS)

    assert figures["runs"] == RUNS
    assert (figures["lost"], figures["doubled"]) == (0, 0)
    assert figures["database restarted"] >= 1
    assert figures["gateway killed"] >= 1
    TALLY.update({f"chaos on {kind}: {what}": figures[what] for what in FAULTS})
