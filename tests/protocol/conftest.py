"""The databases of the store's contract."""

from tests.store.conftest import database_url, servers, template

__all__ = ["database_url", "servers", "template"]
