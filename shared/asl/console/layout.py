"""What all pages share: the frame of page.html, and how values, times and statuses look."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

from asl.console.markup import NOTHING, Content, Html, element, join, link

MOST_SHOWN = 20_000  # characters of one value; `executions` and `steps` answer it whole
REFRESH_SECONDS = 3
LIVE = frozenset(("Pending", "Executing"))
_FRAME = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
_STYLE = _FRAME.partition("<style>")[2].partition("</style>")[0]
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_TEMPLATE = Template(_FRAME)
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    # No script runs here, not even one that somebody smuggled into a workflow's data.
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Page:
    """trail: where it stands. live: whether it changes by itself. status: of HTTP."""

    title: str
    content: Html
    trail: Html = NOTHING
    note: Html = NOTHING
    live: bool = False
    status: int = 200


def render(page: Page, url: str) -> bytes:
    """The whole document in UTF-8. url: the address of the console, without a query."""
    refresh = element("meta", http_equiv="refresh", content=REFRESH_SECONDS) if page.live else ""
    document = _TEMPLATE.substitute(
        title=join(f"{page.title} · Fn States"),
        refresh=refresh,
        trail=page.trail,
        note=page.note,
        content=page.content,
        url=join(url),
    )
    return document.encode(errors="replace")  # JSON may hold half a surrogate pair


def table(columns: list[str], rows: list[Html], empty: Content) -> Html:
    if not rows:
        return element("div", element("div", empty, class_="empty"), class_="card")
    head = element("tr", *(element("th", column) for column in columns))
    return element(
        "div", element("table", element("thead", head), element("tbody", *rows)), class_="card"
    )


def facts(values: dict[str, Content | None]) -> Html:
    """A list of names and values; what is not known is left out."""
    pairs = [
        element("div", element("dt", name), element("dd", value))
        for name, value in values.items()
        if value is not None
    ]
    return element("div", element("dl", *pairs, class_="facts"), class_="card")


def status_mark(status: str) -> Html:
    return element("span", status, class_=f"status {status.lower()}")


def value_box(title: str, value: Any) -> Html:
    return element(
        "section",
        element("h2", title),
        element("div", element("pre", text_of(value)), class_="card"),
    )


def text_of(value: Any, most: int = MOST_SHOWN) -> str:
    """JSON for people to read; a text is shown as it is."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) <= most:
        return text
    return f"{text[:most]}…\n({len(text) - most} more characters)"


def time_of(text: str | None) -> str | None:
    """`2026-11-22 10:05:03.120` of RFC 3339 in UTC."""
    return None if text is None else text.replace("T", " ").removesuffix("Z")


def second_of(text: str) -> str:
    """`2026-11-22 10:05:03`, which will do in a list."""
    return text[:19].replace("T", " ")


def duration(begin: str | None, end: str | None, now: datetime) -> str:
    """How long it took, or has been taking; nothing where it has not begun."""
    if begin is None:
        return ""
    last = now if end is None else datetime.fromisoformat(end)
    return _span(last - datetime.fromisoformat(begin))


def _span(span: timedelta) -> str:
    seconds = max(0.0, span.total_seconds())
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if hours < 1:
        return f"{minutes} min {int(seconds) % 60} s"
    return f"{hours} h {minutes % 60} min" if days < 2 else f"{days} d {hours % 24} h"


def next_page(answer: dict[str, Any], text: str, **query: str | None) -> Html:
    cursor = answer.get("next_cursor")
    if cursor is None:
        return NOTHING
    return element("p", link(f"{text} →", **query, cursor=str(cursor)), class_="more")
