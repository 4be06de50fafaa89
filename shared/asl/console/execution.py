"""The page of an execution: how it stands, what went in and came out, and its steps in time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from asl.console.layout import (
    LIVE,
    Page,
    duration,
    facts,
    next_page,
    status_mark,
    table,
    text_of,
    time_of,
    value_box,
)
from asl.console.markup import NOTHING, Content, Html, element, join, link
from asl.usecases.executions import Executions, executions
from asl.usecases.services import Services
from asl.usecases.steps import Steps, steps

STEPS = 100
MOST_IN_STEP = 4000  # characters of a step's input, and as many of its output
DEEPEST = 6
WIDTH = 1000  # units of a line of time


def execution(services: Services, id_: str, cursor: str | None, *, paused: bool) -> Page:
    """ExecutionDoesNotExist; InvalidInput for a cursor that is none."""
    run = executions(Executions(execution=id_), services)
    listed = steps(Steps(execution=id_, per_page=STEPS, cursor=cursor), services)
    now = datetime.fromtimestamp(services.now() / 1000, UTC)
    machine = run["state_machine"]
    content = join(
        element("h1", run["name"]),
        facts(_facts(run, now)),
        element("div", value_box("Input", run["input"]), _outcome(run), class_="pair"),
        element("h2", "Steps"),
        _timeline(run, listed["items"], now),
        next_page(listed, "More steps", execution=id_),
    )
    moving = run["status"] in LIVE
    return Page(
        run["name"],
        content,
        trail=join("/ ", link(machine, state_machine=machine)),
        note=_refreshing(id_, cursor, paused=paused) if moving else NOTHING,
        live=moving and not paused,
    )


def _refreshing(id_: str, cursor: str | None, *, paused: bool) -> Html:
    if paused:
        return join("paused · ", link("go on", execution=id_, cursor=cursor))
    return join("refreshes by itself · ", link("pause", execution=id_, cursor=cursor, paused="1"))


def _facts(run: dict[str, Any], now: datetime) -> dict[str, Content | None]:
    machine = run["state_machine"]
    return {
        "Status": status_mark(run["status"]),
        "State machine": join(link(machine, state_machine=machine), f" version {run['version']}"),
        "Execution": run["execution"] if run["execution"] != run["name"] else None,
        "Created (UTC)": time_of(run["created_at"]),
        "Ended (UTC)": time_of(run.get("ended_at")),
        "Took": duration(run["created_at"], run.get("ended_at"), now),
        "Namespace": run.get("namespace"),
        "Queue": run.get("queue"),
        "Redriven": str(run["redrives"]) if run.get("redrives") else None,
    }


def _outcome(run: dict[str, Any]) -> Html:
    if "output" in run:
        return value_box("Output", run["output"])
    if run["status"] in LIVE:
        return value_box("Output", "not yet")
    said = [run[name] for name in ("error", "cause") if name in run]
    return value_box("Error", "\n".join(said) or "none was given")


def _timeline(run: dict[str, Any], items: list[dict[str, Any]], now: datetime) -> Html:
    begin = datetime.fromisoformat(run["created_at"])
    end = datetime.fromisoformat(run["ended_at"]) if "ended_at" in run else now
    depths: dict[str, int] = {}
    for item in items:
        parent = item.get("parent")
        depths[item["id"]] = 0 if parent is None else min(depths.get(parent, 0) + 1, DEEPEST)
    rows = [_row(item, depths[item["id"]], (begin, end), now) for item in items]
    return table(["State", "Status", "Took", ""], rows, "It has entered no state yet.")


def _row(item: dict[str, Any], depth: int, span: tuple[datetime, datetime], now: datetime) -> Html:
    return element(
        "tr",
        element("td", _state(item), class_=f"depth-{depth}"),
        element("td", status_mark(item["status"]), _attempts(item)),
        element("td", duration(item.get("started_at"), item.get("ended_at"), now), class_="time"),
        element("td", _line(item, span), class_="line"),
    )


def _state(item: dict[str, Any]) -> Html:
    branch = f" · {item['index']}" if "index" in item else ""
    summary = element(
        "summary", item["state"], " ", element("span", f"{item['type']}{branch}", class_="soft")
    )
    said = [element("p", f"{item['error']}: {item.get('cause', '')}")] if "error" in item else []
    boxes = [
        join(element("div", name, class_="soft"), element("pre", text_of(item[name], MOST_IN_STEP)))
        for name in ("input", "output")
        if name in item
    ]
    return element("details", summary, *said, *boxes)


def _attempts(item: dict[str, Any]) -> Html:
    if item.get("attempt", 1) < 2:
        return NOTHING
    return join(" ", element("span", f"attempt {item['attempt']}", class_="soft"))


def _line(item: dict[str, Any], span: tuple[datetime, datetime]) -> Html:
    """When in the execution's time the step was at work."""
    track = element("rect", class_="track", x=0, y=5, width=WIDTH, height=2, rx=1)
    bar = NOTHING
    if "started_at" in item:
        begin, end = span
        whole = max((end - begin).total_seconds(), 0.001)
        first = (datetime.fromisoformat(item["started_at"]) - begin).total_seconds() / whole
        until = datetime.fromisoformat(item["ended_at"]) if "ended_at" in item else end
        last = (until - begin).total_seconds() / whole
        left = round(min(max(first, 0), 1) * (WIDTH - 8))
        width = max(8, round(min(max(last, 0), 1) * WIDTH) - left)
        bar = element(
            "rect", class_=item["status"].lower(), x=left, y=2, width=width, height=8, rx=4
        )
    return element("svg", track, bar, viewBox=f"0 0 {WIDTH} 12", preserveAspectRatio="none")
