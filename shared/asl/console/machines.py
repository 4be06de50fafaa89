"""The first page, with the state machines and the latest executions; and the page of a machine."""

from __future__ import annotations

from typing import Any

from asl.console.layout import Page, facts, next_page, second_of, table, text_of
from asl.console.listing import executions_table, status_filter
from asl.console.markup import Content, Html, element, join, link
from asl.usecases.common import find_machine
from asl.usecases.executions import Executions, Statuses, executions
from asl.usecases.list_machines import List, list_machines
from asl.usecases.services import Services

MACHINES, EXECUTIONS = 20, 30
LARGEST_DEFINITION = 200_000  # characters


def overview(services: Services, status: Statuses | None, cursor: str | None) -> Page:
    """cursor: of the executions; the machines are on the first page alone."""
    parts: list[Html] = []
    if cursor is None and status is None:
        answer = list_machines(List(per_page=MACHINES), services)
        more = link("All state machines →", machines="") if "next_cursor" in answer else ""
        parts += [element("h1", "State machines"), _machines_table(answer), element("p", more)]
    answer = executions(Executions(status=status, per_page=EXECUTIONS, cursor=cursor), services)
    parts += [
        element("h1", "Executions"),
        status_filter(status),
        executions_table(answer["items"], services.now()),
        next_page(answer, "Older", status=status),
    ]
    return Page("Overview", join(*parts))


def all_machines(services: Services, cursor: str | None) -> Page:
    answer = list_machines(List(per_page=100, cursor=cursor), services)
    content = join(
        element("h1", "State machines"),
        _machines_table(answer),
        next_page(answer, "More", machines=""),
    )
    return Page("State machines", content)


def machine(
    services: Services, reference: str, status: Statuses | None, cursor: str | None
) -> Page:
    """A state machine's facts, definition and executions; StateMachineDoesNotExist."""
    row, version = find_machine(services.store, reference)
    answer = executions(
        Executions(state_machine=row.id, status=status, per_page=EXECUTIONS, cursor=cursor),
        services,
    )
    known: dict[str, Content | None] = {
        "Type": row.type,
        "Version": str(version),
        "Id": row.id,
        "Retention": None if row.retention_days is None else f"{row.retention_days} days",
    }
    definition = services.store.machines.definition(row.id, version) or ""
    content = join(
        element("h1", row.name),
        facts(known),
        element("h2", "Definition"),
        _definition(definition),
        element("h2", "Executions"),
        status_filter(status, state_machine=row.id),
        executions_table(answer["items"], services.now()),
        next_page(answer, "Older", state_machine=row.id, status=status),
    )
    return Page(row.name, content)


def _definition(text: str) -> Html:
    summary = element("summary", "Show")
    shown = element("details", summary, element("pre", text_of(text, LARGEST_DEFINITION)))
    return element("div", element("div", shown, class_="empty"), class_="card")


def _machines_table(answer: dict[str, Any]) -> Html:
    rows = [_machine_row(item) for item in answer["items"]]
    columns = ["Name", "Type", "Version", "Created (UTC)", "Updated (UTC)"]
    return table(columns, rows, "There are none yet. The action create makes one.")


def _machine_row(item: dict[str, Any]) -> Html:
    return element(
        "tr",
        element("td", link(item["name"], state_machine=item["id"])),
        element("td", item["type"]),
        element("td", str(item["version"]), class_="number"),
        element("td", second_of(item["created_at"]), class_="time"),
        element("td", second_of(item["updated_at"]), class_="time"),
    )
