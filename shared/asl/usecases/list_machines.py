"""list: the state machines, by name."""

from __future__ import annotations

from typing import Any

from asl.usecases import views
from asl.usecases.common import DEFAULT_PER_PAGE, Command, PerPage, decode_cursor, page
from asl.usecases.services import Services


class List(Command, frozen=True):
    prefix: str | None = None
    per_page: PerPage = DEFAULT_PER_PAGE
    cursor: str | None = None


def list_machines(command: List, services: Services) -> dict[str, Any]:
    """Answers items, and next_cursor when there may be more."""
    rows = services.store.machines.page(
        per_page=command.per_page, after=decode_cursor(command.cursor), prefix=command.prefix
    )
    items = [views.machine(row) for row in rows]
    return page(items, command.per_page, rows[-1].name if rows else None)
