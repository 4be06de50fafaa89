"""Definitions read from the store, parsed once per version and process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from asl.language.errors import AslError
from asl.language.machine import Machine, parse_machine
from asl.language.resources import ACTIVITY, FUNCTIONS, HTTP
from asl.store.store import Store

MOST_KEPT = 200

STATES, SDK = "states", "aws-sdk:sfn"
OFFERED = FUNCTIONS | {ACTIVITY, HTTP, STATES, SDK}
"""The services that the Tasks of a definition may name."""


class Definitions:
    """A cache without expiry: a version never changes."""

    def __init__(self, store: Store, registry: Mapping[str, str]) -> None:
        self._store = store
        self._registry = registry
        self._machines: OrderedDict[tuple[str, int], Machine] = OrderedDict()

    def machine(self, state_machine_id: str, version: int) -> Machine:
        """The parsed definition of a version that is known to exist."""
        key = (state_machine_id, version)
        if key in self._machines:
            self._machines.move_to_end(key)
            return self._machines[key]
        text = self._store.machines.definition(*key)
        if text is None:
            raise AslError(f"version {version} of state machine {state_machine_id} is gone")
        machine = self._machines[key] = parse_machine(text, registry=self._registry, services=None)
        if len(self._machines) > MOST_KEPT:
            self._machines.popitem(last=False)
        return machine
