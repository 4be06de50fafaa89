"""Each test of the contract runs on SQLite, PostgreSQL and MySQL, on fresh tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from asl.settings import Settings
from asl.store import schema
from asl.store.database import Database, connect
from asl.store.store import Store
from asl.usecases.services import Services

from tests.store import databases
from tests.store.engine import Engine
from tests.store.invariants import check_invariants
from tests.store.races import Racers

Servers = dict[str, Database]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The database servers by URL, their tables made anew; a connection to each is kept."""
    servers: Servers = {}
    yield servers
    for database in servers.values():
        database.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    database = connect(databases.sqlite_url(folder))
    schema.migrate(database)
    database.close()
    return folder / "states.db"


@pytest.fixture(params=databases.KINDS)
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, template: Path, servers: Servers
) -> str:
    if request.param in databases.SERVERS:
        return empty_server(request.param, servers)
    shutil.copy(template, tmp_path)
    return databases.sqlite_url(tmp_path)


@pytest.fixture(params=databases.SERVERS)
def server_url(request: pytest.FixtureRequest, servers: Servers) -> str:
    """Of a database that is reached through a connection, which can be lost."""
    return empty_server(request.param, servers)


def empty_server(kind: str, servers: Servers) -> str:
    url = databases.server_url(kind)
    if url is None:
        pytest.skip(databases.why_skipped(kind))
    if url not in servers:
        servers[url] = connect(url)
        databases.migrate_anew(servers[url])
    databases.empty_tables(servers[url])
    return url


@pytest.fixture
def services(database_url: str, servers: Servers) -> Iterator[Services]:
    """Whatever a test did, the database must make sense after it."""
    services = Services(Settings(database_url=database_url), "app")
    if database_url in servers:
        services.store = Store(servers[database_url])
    yield services
    check_invariants(services.store)
    if database_url not in servers:
        services.store.database.close()


@pytest.fixture
def store(services: Services) -> Store:
    return services.store


@pytest.fixture
def engine(services: Services) -> Engine:
    return Engine(services)


@pytest.fixture(scope="session")
def racers() -> Iterator[Racers]:
    with Racers() as racers:
        yield racers
