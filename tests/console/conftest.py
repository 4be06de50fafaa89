from tests.store.conftest import *  # noqa: F403 - its fixtures
