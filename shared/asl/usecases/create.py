"""create: store a state machine with its first version."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from asl.store.errors import NameTaken
from asl.usecases import views
from asl.usecases.common import (
    Command,
    RetentionDays,
    check_definition,
    check_name,
    definition_text,
)
from asl.usecases.errors import InvalidInput, StateMachineAlreadyExists
from asl.usecases.services import Services

MOST_TAGS = 50


class Create(Command, frozen=True):
    """definition: the object, or its JSON text. name: default is an id of its own."""

    definition: dict[str, Any] | str
    name: str | None = None
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    retention_days: RetentionDays | None = None
    tags: dict[str, str] = field(default_factory=dict)


def create(command: Create, services: Services) -> dict[str, Any]:
    """Answers id, name, type, version and created_at of the new machine."""
    if command.name is not None:
        check_name("name", command.name)
    if len(command.tags) > MOST_TAGS:
        raise InvalidInput(f"tags: at most {MOST_TAGS} are kept")
    text = definition_text(command.definition)
    machine = check_definition(text, command.type, services.settings.resources)
    id_ = services.new_id()
    name = command.name or id_
    try:
        row = services.store.machines.create(
            id_=id_,
            name=name,
            type_=command.type,
            definition=text,
            now=services.now(),
            retention_days=command.retention_days,
            tags=command.tags,
        )
    except NameTaken as taken:
        raise StateMachineAlreadyExists(
            f"name: there is a state machine '{name}' already; use `update` to change it"
        ) from taken
    answer = {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "version": row.active_version,
        "created_at": views.time_or_none(row.created_at),
    }
    if machine.warnings:
        answer["diagnostics"] = [views.diagnostic(warning) for warning in machine.warnings]
    return answer
