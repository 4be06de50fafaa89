"""Several processes on one database, of which one at a time goes on, in an order that is given.

Each is a thread with a world of its own; all share the tables, the clock and the functions, and
every invitation reaches each of them. They change places at the points where a process begins to
use the database: between two of them nobody sees anything of it.
"""

import threading

from tests.protocol.outside import OutsideWorld
from tests.protocol.points import Points

PATIENCE = 60  # seconds until an order that does not come to its end is given up


class Order:
    """Who goes on after each point: `choose(step, at_it, others)` says."""

    def __init__(self, choose):
        self.steps = 0
        self._choose = choose
        self._batons = {}
        self._members = {}
        self._at_work = []
        self._faults = []

    def run(self, members):
        """Every member settles; raises what the first of them raised."""
        self._batons = {member: threading.Semaphore(0) for member in members}
        self._at_work = list(members)
        threads = [threading.Thread(target=self._live, args=(member,)) for member in members]
        for thread in threads:
            thread.start()
        self._batons[members[0]].release()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "they wait for each other"
        if self._faults:
            raise self._faults[0]

    def point(self):
        """Called by whoever is at work, before it goes on."""
        member = self._members.get(threading.get_ident())
        if member is None:
            return
        self.steps += 1
        others = [other for other in self._at_work if other is not member]
        chosen = self._choose(self.steps, member, others) if others else member
        if chosen is not member:
            self._batons[chosen].release()
            self._batons[member].acquire()

    def _live(self, member):
        self._members[threading.get_ident()] = member
        self._batons[member].acquire()
        try:
            member.settle()
        except BaseException as fault:  # noqa: BLE001 - raised again by `run`
            self._faults.append(fault)
        finally:
            del self._members[threading.get_ident()]
            member.close()
            self._at_work.remove(member)
            if self._at_work:
                self._batons[self._at_work[0]].release()


class Crew(OutsideWorld):
    """The one that sets the stage: it starts a run, and is asked what came of it."""

    def __init__(self, url, scenario, members):
        self.clock = 0
        self.points = Points()
        super().__init__(url, scenario)
        self.points.watch(self.services.store.database)
        self.members = [Member(self) for _ in range(members)]
        vars(self.services)["dispatcher"] = self

    def invite(self, function, body):
        """Every invitation reaches everybody."""
        for member in self.members:
            member.inbox.invite(function, body)
        return True

    def settle(self, choose):
        """All of them go on in an order; how many points there were."""
        order = Order(choose)
        self.points.at_each(order.point)
        order.run(self.members)
        self.points.at_each(None)
        return order.steps

    @property
    def now(self):
        return self.clock

    @now.setter
    def now(self, moment):
        self.clock = max(self.clock, moment)


class Member(OutsideWorld):
    """One process of a crew; it goes through what there is to do as if it were alone."""

    def __init__(self, crew):
        self._crew = crew
        super().__init__(crew.url, {**crew.scenario, "machines": {}})
        self.functions = crew.functions
        vars(self.services).update(functions=crew.functions, dispatcher=crew)

    def _open_store(self):
        return self._crew.services.store

    @property
    def now(self):
        return self._crew.now

    @now.setter
    def now(self, moment):
        self._crew.now = moment
