"""The store as a whole: a database and the verbs on it."""

from __future__ import annotations

from asl.store import schema
from asl.store.claims import Claims
from asl.store.commits import Commits
from asl.store.database import Database, connect
from asl.store.due import Due
from asl.store.eviction import Eviction
from asl.store.executions import Executions
from asl.store.machines import Machines
from asl.store.tables import TABLES


class Store:
    """What the use cases are handed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.peewee.bind(TABLES)
        self.claims = Claims(database)
        self.commits = Commits(database)
        self.executions = Executions(database, self.claims, self.commits)
        self.machines = Machines(database)
        self.due = Due(database)
        self.eviction = Eviction(database)


def open_store(url: str) -> Store:
    """The store behind a URL, its tables up to date."""
    database = connect(url)
    store = Store(database)
    schema.migrate(database)
    return store
