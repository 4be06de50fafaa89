"""Which page a query asks for."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from asl.console.execution import execution
from asl.console.layout import Page, render
from asl.console.listing import STATUSES
from asl.console.machines import all_machines, machine, overview
from asl.console.markup import element, join, link
from asl.usecases.errors import Refusal
from asl.usecases.services import Services


def show(url: str, services: Services) -> tuple[int, bytes]:
    """Status and HTML of the page at `url`. A refusal is a page, too."""
    own, _, query = url.partition("?")
    try:
        page = _page(dict(parse_qsl(query, keep_blank_values=True)), services)
    except Refusal as refusal:
        page = failure(refusal.status, str(refusal))
    return page.status, render(page, services.settings.public_url or own)


def failure(status: int, message: str) -> Page:
    content = join(element("h1", "That did not work"), element("p", message), link("Overview"))
    return Page("Error", content, status=status)


def _page(query: Mapping[str, str], services: Services) -> Page:
    cursor = query.get("cursor") or None
    status = next((known for known in STATUSES if known == query.get("status")), None)
    if "execution" in query:
        return execution(services, query["execution"], cursor, paused="paused" in query)
    if "state_machine" in query:
        return machine(services, query["state_machine"], status, cursor)
    if "machines" in query:
        return all_machines(services, cursor)
    return overview(services, status, cursor)
