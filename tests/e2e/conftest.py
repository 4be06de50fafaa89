"""One installation for the tests that leave it whole; a new one for those that break it.

With FN_API_URL the former run against that Fn server, with the apps `states` and `tasks` deployed;
with FN_LB_URL too, against the load balancer before its runners.
"""

import os

import pytest

from tests.e2e.installation import Deployment, Installation


@pytest.fixture(scope="session")
def states(tmp_path_factory):
    if "FN_API_URL" in os.environ:
        api_url = os.environ["FN_API_URL"]
        yield Deployment(os.environ.get("FN_LB_URL", api_url), api_url)
        return
    installation = Installation(tmp_path_factory.mktemp("states")).start()
    yield installation
    installation.stop()


@pytest.fixture
def fragile(tmp_path):
    installation = Installation(tmp_path).start()
    yield installation
    installation.stop()
