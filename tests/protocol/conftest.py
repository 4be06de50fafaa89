"""The databases of the store's contract."""

import pytest

from tests.protocol.world import World
from tests.store.conftest import database_url, servers, template

__all__ = ["database_url", "servers", "template"]


@pytest.fixture(autouse=True)
def _worlds():
    """No test leaves its connections behind."""
    yield
    while World.opened:
        World.opened.pop().close()
