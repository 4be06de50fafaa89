"""update: give a state machine a new version; runs in flight keep theirs."""

from __future__ import annotations

from typing import Any

from asl.usecases import views
from asl.usecases.common import (
    Command,
    RetentionDays,
    Text,
    check_definition,
    definition_text,
    find_machine,
)
from asl.usecases.errors import StateMachineDeleting
from asl.usecases.services import Services


class Update(Command, frozen=True):
    state_machine: Text
    definition: dict[str, Any] | str
    retention_days: RetentionDays | None = None


def update(command: Update, services: Services) -> dict[str, Any]:
    """Answers id, name, the new version and updated_at."""
    store = services.store
    machine, _version = find_machine(store, command.state_machine)
    text = definition_text(command.definition)
    check_definition(text, machine.type, services.settings.resources)
    row = store.machines.update(machine.id, text, services.now(), command.retention_days)
    if row is None:
        raise StateMachineDeleting(f"state_machine: '{machine.name}' is being deleted")
    return {
        "id": row.id,
        "name": row.name,
        "version": row.active_version,
        "updated_at": views.time_or_none(row.updated_at),
    }
