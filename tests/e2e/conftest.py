"""One installation for the tests that leave it whole; a new one for those that break it."""

import pytest

from tests.e2e.installation import Installation


@pytest.fixture(scope="session")
def states(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("states")).start()
    yield installation
    installation.stop()


@pytest.fixture
def fragile(tmp_path):
    installation = Installation(tmp_path).start()
    yield installation
    installation.stop()
