"""The console's pages: what they show, where they lead, and that data never becomes markup."""

import json
from html.parser import HTMLParser

import pytest
from asl.console.layout import HEADERS
from asl.console.pages import show
from asl.settings import Settings
from asl.store.schema import migrate
from asl.usecases.advance import Advance, advance
from asl.usecases.create import Create, create
from asl.usecases.invoke import Invoke, invoke
from asl.usecases.services import Services
from asl.usecases.stop import Stop, stop

URL = "http://127.0.0.1:8080/t/states"
VOID = {"meta", "rect"}
EVIL = "<script>alert('1')</script><img src=x onerror=\"alert(2)\">&amp;"
PARALLEL = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": True}}},
                {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "End": True}}},
            ],
            "End": True,
        }
    },
}
WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": True}}}


class Page(HTMLParser):
    """A page read as a browser reads it: texts, links, and every tag with its attributes."""

    def __init__(self, status, document):
        super().__init__()
        self.status, self.tags, self.links, self.open, self.words = status, [], [], [], []
        self.feed(document.decode())
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "a":
            self.links.append(dict(attributes)["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def has_refresh(self):
        return any(attributes.get("http-equiv") == "refresh" for _, attributes in self.tags)


class Invitations:
    """In place of Fn: what is invited is called when the test says so."""

    def __init__(self):
        self.waiting = []

    def invite(self, function, body):
        if function == "step-runner":
            self.waiting.append(json.loads(body))
        return True


@pytest.fixture
def services(tmp_path):
    services = Services(Settings(database_url=f"sqlite:///{tmp_path}/states.db"), "app")
    services.dispatcher = Invitations()
    migrate(services.store.database)
    yield services
    services.store.database.close()


def make(services, name, definition, **more):
    return create(Create(name=name, definition=definition, **more), services)["id"]


def start(services, machine, **more):
    run = invoke(Invoke(state_machine=machine, **more), services, services.now() + 30_000)
    waiting = services.dispatcher.waiting
    while waiting:
        advance(Advance(**waiting.pop(0)), services, services.now() + 30_000)
    return run["execution"]


def page(services, query=""):
    return Page(*show(URL + query, services))


def test_an_empty_installation_says_how_to_begin(services):
    shown = page(services)

    assert shown.status == 200
    assert "There are none yet. The action create makes one." in shown.text
    assert f"endpoint URL for AWS's clients: {URL}" in shown.text


def test_the_first_page_shows_machines_and_the_latest_executions(services):
    machine = make(services, "both", PARALLEL)
    run = start(services, "both", name="first-run")

    shown = page(services)

    assert "both STANDARD 1" in shown.text
    assert "Succeeded first-run both" in shown.text
    assert {f"?state_machine={machine}", f"?execution={run}"} <= set(shown.links)


def test_every_link_of_every_page_leads_to_a_page(services):
    make(services, "both", PARALLEL)
    for _ in range(32):
        start(services, "both")
    seen, waiting = set(), {"?"}
    while waiting:
        query = waiting.pop()
        seen.add(query)
        shown = page(services, query)
        assert shown.status == 200, query
        waiting |= set(shown.links) - seen

    assert len([query for query in seen if "execution=" in query]) == 32


def test_the_pages_of_executions_show_each_once(services):
    make(services, "both", PARALLEL)
    runs = [start(services, "both") for _ in range(32)]

    first = page(services)
    older = next(link for link in first.links if "cursor=" in link)
    second = page(services, older)

    shown = [link for p in (first, second) for link in p.links if link.startswith("?execution=")]
    assert sorted(shown) == sorted(f"?execution={run}" for run in runs)


def test_executions_can_be_chosen_by_status(services):
    make(services, "waits", WAITS)
    running, stopped = start(services, "waits"), start(services, "waits")
    stop(Stop(execution=stopped), services)

    shown = page(services, "?status=Aborted")

    assert f"?execution={stopped}" in shown.links
    assert f"?execution={running}" not in shown.links


def test_a_machine_shows_its_definition_and_its_own_executions(services):
    make(services, "both", PARALLEL)
    make(services, "waits", WAITS)
    own, other = start(services, "both"), start(services, "waits")

    shown = page(services, "?state_machine=both")

    assert '"StartAt":' in shown.text
    assert f"?execution={own}" in shown.links
    assert f"?execution={other}" not in shown.links


def test_an_execution_shows_what_went_in_and_came_out_and_its_steps_in_their_places(services):
    make(services, "both", PARALLEL)
    run = start(services, "both", input={"n": 42})

    shown = page(services, f"?execution={run}")

    states = [text.strip() for text in shown.words if text.strip() in ("Both", "Left", "Right")]
    depths = [a["class"] for t, a in shown.tags if t == "td" and "depth" in a.get("class", "")]
    assert states == ["Both", "Left", "Right"]
    assert depths == ["depth-0", "depth-1", "depth-1"]
    assert '{ "n": 42 }' in shown.text
    assert '[ { "n": 42 }, { "n": 42 } ]' in shown.text


def test_bars_stay_within_the_line_of_time(services):
    make(services, "both", PARALLEL)
    shown = page(services, f"?execution={start(services, 'both')}")

    bars = [a for tag, a in shown.tags if tag == "rect"]
    assert len(bars) == 6  # a track and a bar for each step
    for bar in bars:
        assert 0 <= int(bar["x"]) <= int(bar["x"]) + int(bar["width"]) <= 1000


def test_a_page_refreshes_itself_while_its_execution_runs_and_can_be_paused(services):
    make(services, "waits", WAITS)
    run = start(services, "waits")

    live = page(services, f"?execution={run}")
    pause = next(link for link in live.links if "paused" in link)
    paused = page(services, pause)
    stop(Stop(execution=run), services)

    assert live.has_refresh()
    assert not paused.has_refresh()
    assert f"?execution={run}" in paused.links
    assert not page(services, f"?execution={run}").has_refresh()


def test_a_long_value_is_cut_and_says_so(services):
    make(services, "both", PARALLEL)
    run = start(services, "both", input="x" * 60_000)

    assert "more characters)" in page(services, f"?execution={run}").text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?execution=none", 404),
        ("?state_machine=none", 404),
        ("?execution=", 404),
        ("?cursor=%00", 400),
        ("?status=Odd", 200),
        ("?unknown=1", 200),
    ],
)
def test_what_is_not_there_is_a_page_with_its_status(services, query, status):
    assert page(services, query).status == status


def test_data_never_becomes_markup(services):
    """Names of states, input, output, error and cause are whatever somebody made them."""
    definition = {
        "Comment": EVIL,
        "StartAt": EVIL[:60],
        "States": {
            EVIL[:60]: {"Type": "Pass", "Next": "F"},
            "F": {"Type": "Fail", "Error": EVIL, "Cause": EVIL},
        },
    }
    machine = make(services, "evil", definition, tags={EVIL: EVIL})
    run = start(services, "evil", input={EVIL: EVIL})

    queries = ["", f"?state_machine={machine}", f"?execution={run}"]
    pages = [page(services, query) for query in queries]

    assert pages[2].text.count("<script>alert('1')</script>") >= 4
    for shown in pages:
        assert_harmless(shown)


@pytest.mark.parametrize("name", ["execution", "state_machine", "cursor", "status", "machines"])
def test_what_stands_in_the_address_never_becomes_markup(services, name):
    assert_harmless(page(services, f'?{name}="><script>alert(1)</script>'))
    assert_harmless(page(services, f"?{name}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"))
    assert_harmless(Page(*show(f'http://h/"><script>x</script>?{name}=1', services)))


def assert_harmless(shown):
    for tag, attributes in shown.tags:
        assert tag not in ("script", "img", "iframe", "object", "form", "base")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert all(link.startswith("?") for link in shown.links)


def test_half_a_surrogate_pair_does_not_break_a_page(services):
    from asl.console.layout import Page as Layout
    from asl.console.layout import render
    from asl.console.markup import join

    assert b"a?b" in render(Layout("t", join("a\ud800b")), URL)


def test_a_browser_runs_no_script_whatever_a_page_holds():
    policy = HEADERS["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert "unsafe" not in policy


def test_behind_a_proxy_the_public_address_is_shown(services):
    services.settings = Settings(public_url="https://workflows.example.com/api")

    assert "https://workflows.example.com/api" in page(services).text


def test_what_is_redacted_for_others_is_redacted_here(services):
    services.settings = Settings(redact=("password",))
    make(services, "both", PARALLEL)
    run = start(services, "both", input={"user": "ada", "password": "opensesame"})

    shown = page(services, f"?execution={run}")

    assert "ada" in shown.text
    assert "opensesame" not in shown.text
