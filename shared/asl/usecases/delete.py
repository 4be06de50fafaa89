"""delete: start nothing more of a state machine, and forget it when its runs are gone."""

from __future__ import annotations

from typing import Any

from asl.usecases.common import Command, Text, find_machine
from asl.usecases.services import Services


class Delete(Command, frozen=True):
    state_machine: Text


def delete(command: Delete, services: Services) -> dict[str, Any]:
    """Answers id, name and status: DELETING while runs are in flight, else DELETED.

    The name is free at once; what the runs left stays readable until it is evicted.
    """
    store = services.store
    machine, _version = find_machine(store, command.state_machine)
    store.machines.delete(machine.id, services.now())
    status = "DELETING" if store.executions.in_flight(machine.id) else "DELETED"
    return {"id": machine.id, "name": machine.name, "status": status}
