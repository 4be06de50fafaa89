"""A table of executions, and the statuses to choose from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

from asl.console.layout import duration, second_of, status_mark, table
from asl.console.markup import Html, address, element, link
from asl.usecases.executions import Statuses

STATUSES: tuple[Statuses, ...] = get_args(Statuses)


def executions_table(items: list[dict[str, Any]], now: int) -> Html:
    """now: ms since epoch."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    rows = [_row(item, moment) for item in items]
    columns = ["Status", "Execution", "State machine", "Created (UTC)", "Took"]
    return table(columns, rows, "There are none.")


def _row(item: dict[str, Any], now: datetime) -> Html:
    machine = item["state_machine"]
    return element(
        "tr",
        element("td", status_mark(item["status"])),
        element("td", link(item["name"], execution=item["execution"])),
        element("td", link(machine, state_machine=machine)),
        element("td", second_of(item["created_at"]), class_="time"),
        element("td", duration(item["created_at"], item.get("ended_at"), now), class_="time"),
    )


def status_filter(chosen: Statuses | None, **query: str) -> Html:
    chips = [_chip("All", None, chosen, query)]
    chips += [_chip(status, status, chosen, query) for status in STATUSES]
    return element("div", *chips, class_="chips")


def _chip(
    text: str, status: Statuses | None, chosen: Statuses | None, query: dict[str, str]
) -> Html:
    on = "on" if status == chosen else None
    return element("a", text, href=address(**query, status=status), class_=on)
