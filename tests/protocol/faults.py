"""A world whose database fails at a chosen statement, and whose process may live on after that."""

from asl.store.errors import DatabaseUnavailable, TransactionConflict
from asl.usecases.create import Create, create
from asl.usecases.invoke import Invoke, invoke

from tests.protocol.outside import OutsideWorld
from tests.protocol.world import MINUTE, Crash


class Faults:
    """Counts what is asked of a database, and has the n-th request fail in a given way.

    A way takes the database and the request, and raises before, after or instead of it.
    """

    def __init__(self):
        self.count = 0
        self.watching = False
        self._at = None
        self._way = None

    def arm(self, number, way):
        self.count, self._at, self._way = 0, number, way

    @property
    def has_struck(self):
        return self._at is not None and self.count >= self._at

    def watch(self, database):
        """Statements within a transaction; those without one, its beginning being one; commits."""
        self._wrap(database, "execute", lambda: database._thread.in_transaction)
        self._wrap(database, "_execute_alone", lambda: True)
        self._wrap(database, "_commit", lambda: True)

    def _wrap(self, database, name, counts):
        request = getattr(database, name)

        def watched(*arguments):
            if not self.watching or not counts():
                return request(*arguments)
            self.count += 1
            if self.count == self._at:
                return self._way(database, lambda: request(*arguments))
            return request(*arguments)

        setattr(database, name, watched)


def refused(_database, _request):
    raise DatabaseUnavailable("injected: refused")


def conflict(_database, _request):
    raise TransactionConflict("injected: conflict")


def dropped(database, _request):
    database.close()
    raise DatabaseUnavailable("injected: dropped before it was done")


def done_then_dropped(database, request):
    """What is within a transaction goes with the connection; alone, or a commit, it stays."""
    request()
    database.close()
    raise DatabaseUnavailable("injected: dropped after it was done")


def crash(_database, _request):
    raise Crash


def crash_after(_database, request):
    request()
    raise Crash


WAYS = {
    "refused": refused,
    "conflict": conflict,
    "dropped": dropped,
    "done, then dropped": done_then_dropped,
    "crash": crash,
    "crash after": crash_after,
}


class FaultyWorld(OutsideWorld):
    """Whoever asks an action of it and is answered 503 asks again; invitations are not repeated."""

    def __init__(self, url, scenario):
        self.faults = Faults()
        super().__init__(url, scenario)
        created = create(Create(definition=scenario["definition"]), self.services)
        self.machine = created["id"]

    def _watch(self, database):
        self.faults.watch(database)

    def accept(self, name):
        """Start a run by a name, as often as that takes."""
        command = Invoke(
            state_machine=self.machine, input=self.scenario.get("input", {}), name=name
        )
        self.acts(lambda: self.answer(command))
        return self.answer(command)

    def answer(self, command):
        return invoke(command, self.services, self.now + MINUTE)["execution"]

    def acts(self, act):
        """Do it in a process that may fail; False when it did."""
        nested, self.faults.watching = self.faults.watching, True
        try:
            act()
        except DatabaseUnavailable:
            return False
        finally:
            self.faults.watching = nested
        return True

    def run(self, function, body):
        done = self.acts(lambda: super(FaultyWorld, self).run(function, body))
        if not done and function == "signal":
            self.inbox.messages.append((function, body))

    def settle(self, most=5000):
        try:
            super().settle(most)
        except Crash:
            self.crash_and_recover()
            super().settle(most)
