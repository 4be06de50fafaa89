"""The store as a whole: a database and the verbs on it."""

from __future__ import annotations

from asl.store import schema
from asl.store.activities import Activities
from asl.store.branches import Branches
from asl.store.callbacks import Callbacks
from asl.store.child_runs import ChildRuns
from asl.store.claims import Claims
from asl.store.commits import Commits
from asl.store.counters import Counters
from asl.store.database import Database, connect
from asl.store.due import Due
from asl.store.eviction import Eviction
from asl.store.executions import Executions
from asl.store.gauges import Gauges
from asl.store.histories import Histories
from asl.store.listings import Listings
from asl.store.machines import Machines
from asl.store.map_children import MapChildren
from asl.store.map_runs import MapRuns
from asl.store.published import Published
from asl.store.queues import Queues
from asl.store.redrives import Redrives
from asl.store.runners import Runners
from asl.store.shipping import Shipping
from asl.store.stuck import StuckList
from asl.store.tables import TABLES
from asl.store.whole_runs import WholeRuns


class Store:
    """What the use cases are handed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.peewee.bind(TABLES)
        self.branches = Branches(database)
        self.child_runs = ChildRuns(database)
        self.claims = Claims(database)
        self.commits = Commits(database)
        self.executions = Executions(database, self.claims, self.commits)
        self.histories = Histories(database)
        self.listings = Listings(database)
        self.machines = Machines(database)
        self.map_children = MapChildren(database)
        self.map_runs = MapRuns(database)
        self.published = Published(database)
        self.queues = Queues(database, self.claims)
        self.activities = Activities(database)
        self.due = Due(database)
        self.counters = Counters(database)
        self.redrives = Redrives(database, self.claims, self.commits, self.queues)
        self.runners = Runners(database, self.counters)
        self.gauges = Gauges(database)
        self.stuck = StuckList(database)
        self.callbacks = Callbacks(database, self.claims)
        self.whole_runs = WholeRuns(database, self.claims, self.commits)
        self.shipping = Shipping(database)
        self.eviction = Eviction(database)


def open_store(url: str) -> Store:
    """The store behind a URL, its tables up to date."""
    database = connect(url)
    store = Store(database)
    schema.migrate(database)
    return store
