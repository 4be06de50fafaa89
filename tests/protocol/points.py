"""The points of a process at which others may come in: whenever it begins to use the database.

Between two of them a process holds no lock and nobody sees anything of it, so whatever others do
meanwhile they might as well have done at such a point.
"""

import os
from collections import Counter
from zlib import crc32

TALLY = Counter()  # what was injected, by kind; told at the end of the tests
FULL = os.environ.get("PROOF") == "full"


def sampled(points, url, few, label=""):
    """All of them in a full proof; else `few` on SQLite, fewer on a server, where a round trip
    takes its time: evenly spread, and not the same ones for every label.
    """
    few = few if url.startswith("sqlite") else max(1, few // 4)
    if FULL or len(points) <= few:
        return points
    stride = len(points) / few
    shift = crc32(label.encode()) % 100 / 100
    return [points[int((index + shift) * stride)] for index in range(few)]


class Points:
    """Counts the points of a database's users, and has something happen at one of them."""

    def __init__(self):
        self.count = 0
        self._at = None
        self._act = None
        self._each = None

    def watch(self, database):
        fresh_connection = database._fresh_connection

        def watched():
            if not database._thread.in_transaction:
                self._pass()
            return fresh_connection()

        database._fresh_connection = watched

    def arm(self, number, act):
        """At point `number` from now on `act` is called, once."""
        self.count, self._at, self._act = 0, number, act

    def disarm(self):
        self._act = None

    def at_each(self, act):
        """At every point `act` is called."""
        self._each = act

    def _pass(self):
        self.count += 1
        if self._each is not None:
            self._each()
        if self._act is not None and self.count == self._at:
            act, self._act = self._act, None
            act()
