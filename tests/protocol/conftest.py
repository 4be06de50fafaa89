"""The databases of the store's contract; how much was injected is told at the end."""

import pytest

from tests.protocol.points import FULL, TALLY
from tests.protocol.world import World
from tests.store.conftest import database_url, racers, server_url, servers, template

__all__ = ["database_url", "racers", "server_url", "servers", "template"]


@pytest.fixture(autouse=True)
def _worlds():
    """No test leaves its connections behind."""
    yield
    while World.opened:
        World.opened.pop().close()


def pytest_terminal_summary(terminalreporter):
    if TALLY:
        terminalreporter.section("faults injected" + (" (full proof)" if FULL else ""))
        for kind, times in sorted(TALLY.items()):
            terminalreporter.line(f"{times:7} {kind}")
