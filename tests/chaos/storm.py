"""What goes wrong while the runs go, by a seed: servers, gateway and functions are killed."""

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter

ROUND_SECONDS = (0.5, 2.0)  # between two faults
DATABASE, GATEWAY, FUNCTION = "database restarted", "gateway killed", "function killed"
FAULTS = (DATABASE, GATEWAY, FUNCTION)
WEIGHTS = {DATABASE: 1, GATEWAY: 1, FUNCTION: 10}


class Storm:
    """Goes on in a thread until it is told to stop. `faults` counts what was done, by kind."""

    def __init__(self, server, installation, seed):
        self.faults = Counter()
        self._server = server
        self._installation = installation
        self._port = int(installation.url.rpartition(":")[2])
        self._chance = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._rage)
        self._fault = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_fault):
        self._over.set()
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def wait_for(self, kinds, seconds):
        """Until each of the kinds has happened."""
        until = time.monotonic() + seconds
        while not all(self.faults[kind] for kind in kinds) and time.monotonic() < until:
            time.sleep(0.1)

    def _rage(self):
        acts = {
            DATABASE: self._restart_database,
            GATEWAY: self._kill_gateway,
            FUNCTION: self._kill_function,
        }
        order = [DATABASE, GATEWAY]  # both happen early, however short the storm is
        try:
            while not self._over.wait(self._chance.uniform(*ROUND_SECONDS)):
                kind = order.pop() if order else self._any()
                if acts[kind]():
                    self.faults[kind] += 1
        except Exception as fault:
            self._fault = fault
            raise

    def _any(self):
        return self._chance.choices(list(WEIGHTS), WEIGHTS.values())[0]

    def _restart_database(self):
        self._server.restart()
        return True

    def _kill_gateway(self):
        self._installation.stop(signal.SIGKILL)
        self._installation.start(self._port)
        return True

    def _kill_function(self):
        found = self._installation.processes()
        pids = sorted(pid for pids in found.values() for pid in pids)
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._chance.choice(pids), signal.SIGKILL)
            return True
        return False
