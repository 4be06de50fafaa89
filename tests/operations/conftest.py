"""The databases of the store's contract; worlds whose ids follow their clock, and that listen."""

import pytest
from ulid import ULID

from tests.protocol.conftest import _worlds
from tests.protocol.world import World
from tests.store.conftest import database_url, servers, template

__all__ = ["_worlds", "database_url", "servers", "template"]


class Clockwork(World):
    """The age of a run can be read from its id, as in the real one; noted: what tasks were sent."""

    def boot(self):
        super().boot()
        self.services.new_id = lambda: str(ULID.from_timestamp(self.now))
        self.functions.traces = traces = []
        call = type(self.functions).call

        def listen(request, attempt, seconds):
            traces.append(attempt.headers().get("traceparent", ""))
            return call(self.functions, request, attempt, seconds)

        self.functions.call = listen


@pytest.fixture
def world(database_url):
    return Clockwork(database_url)
