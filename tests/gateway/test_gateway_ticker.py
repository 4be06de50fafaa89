"""Schedules: when functions are due (a clock is passed), and one ticker that really runs."""

import asyncio
import http.server
import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from gateway import ticker
from gateway.schedule import Agenda, ScheduleError, parse_schedule

NOON = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


NEXT = [
    ("every 60s", at(60)),
    ("every 5m", at(300)),
    ("every 2h", at(7200)),
    ("every 1d", at(86400)),
    ("* * * * *", at(60)),
    ("*/15 * * * *", at(900)),
    ("30 12 * * *", at(1800)),
    ("0 12 * * *", at(86400)),
]


@pytest.mark.parametrize(("text", "due"), NEXT)
def test_a_schedule_says_when_it_is_due_next(text, due):
    assert parse_schedule(text).after(NOON) == due


@pytest.mark.parametrize(
    "text", ["", "every", "every 0s", "every 5x", "often", "61 * * * *", 5, None]
)
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(ScheduleError):
        parse_schedule(text)


def test_a_new_function_is_due_at_once_and_then_by_its_schedule():
    agenda = Agenda()
    agenda.update({"f": "every 60s"}, NOON)
    assert agenda.due(NOON) == ["f"]
    agenda.finished("f")
    assert agenda.due(at(59)) == []
    assert agenda.due(at(60)) == ["f"]
    assert agenda.next_due() == at(120)


def test_a_function_that_still_runs_is_passed_over_and_not_made_up_for():
    agenda = Agenda()
    agenda.update({"f": "every 10s"}, NOON)
    assert agenda.due(NOON) == ["f"]
    assert agenda.due(at(10)) == []
    assert agenda.due(at(35)) == []
    agenda.finished("f")
    assert agenda.due(at(40)) == []
    assert agenda.due(at(45)) == ["f"]


def test_a_function_that_failed_is_due_again_soon_and_then_by_its_schedule():
    agenda = Agenda()
    agenda.update({"f": "every 1h"}, NOON)
    agenda.due(NOON)
    agenda.failed("f", at(10))
    assert agenda.due(at(9)) == []
    assert agenda.due(at(10)) == ["f"]
    agenda.finished("f")
    assert agenda.next_due() == at(3610)


def test_a_failure_puts_off_nothing_that_is_due_before():
    agenda = Agenda()
    agenda.update({"f": "every 5s"}, NOON)
    agenda.due(NOON)
    agenda.failed("f", at(10))
    assert agenda.due(at(5)) == ["f"]


def test_a_changed_schedule_counts_from_the_change():
    agenda = Agenda()
    agenda.update({"f": "every 1h"}, NOON)
    agenda.due(NOON)
    agenda.finished("f")
    agenda.update({"f": "every 10s"}, at(5))
    assert agenda.due(at(14)) == []
    assert agenda.due(at(15)) == ["f"]


def test_a_removed_function_is_due_no_more():
    agenda = Agenda()
    agenda.update({"f": "every 10s"}, NOON)
    agenda.update({}, NOON)
    assert agenda.due(NOON) == []
    assert agenda.next_due() is None


def test_a_wrong_schedule_is_told_once_and_does_not_hurt_the_others():
    agenda = Agenda()
    schedules = {"bad": "often", "good": "every 10s"}
    assert agenda.update(schedules, NOON) == [
        "bad: 'often' is neither 'every 60s' nor a cron expression"
    ]
    assert agenda.update(schedules, NOON) == []
    assert agenda.due(NOON) == ["good"]


def counting_function(folder, tools, schedule, file):
    tools.make_function(folder, folder.name, "", f"annotations: {{states/schedule: {schedule}}}\n")
    (folder / "func.py").write_text(
        f"def handler(ctx, data=None):\n    open({str(file)!r}, 'a').write('x')\n    return ''\n"
    )


def test_the_gateway_invokes_what_is_due(start, tools, tmp_path):
    root = tools.make_root(tmp_path / "root")
    counting_function(root / "functions" / "often", tools, "every 1s", tmp_path / "often")
    counting_function(root / "functions" / "rarely", tools, "every 1h", tmp_path / "rarely")
    start(probes=False, ticker=True)
    assert tools.eventually((tmp_path / "often").exists)
    assert tools.eventually(lambda: len((tmp_path / "often").read_text()) >= 3)
    assert (tmp_path / "rarely").read_text() == "x"


def test_the_ticker_runs_beside_a_server_limited_to_an_app(start, tools, tmp_path):
    root = tools.make_root(tmp_path / "root")
    counting_function(root / "functions" / "mine", tools, "every 1h", tmp_path / "mine")
    other = tmp_path / "other"
    counting_function(other / "theirs", tools, "every 1h", tmp_path / "theirs")
    gateway = start("--app", f"other={other}", probes=False)
    process = run_ticker(gateway.url, "--app", "states")
    assert tools.eventually((tmp_path / "mine").exists)
    assert not (tmp_path / "theirs").exists()
    assert stop_ticker(process) == (0, "")


def test_the_ticker_tells_a_failure_in_one_line_and_goes_on():
    with fn_server(502) as fn:
        process = run_ticker(fn.url)
        assert fn.answered.wait(5)
        code, errors = stop_ticker(process)
    assert code == 0
    assert errors.splitlines() == ['ticker: app/f: 502 {"message":"as told"}']


def test_a_server_without_detached_calls_is_asked_to_answer_at_the_end():
    with fn_server(501, 200) as fn:
        process = run_ticker(fn.url)
        assert fn.answered.wait(5)
        assert stop_ticker(process) == (0, "")
    assert fn.asked == ["detached", None]


def test_an_api_that_stays_away_is_told_once():
    told = []

    async def look_three_times():
        beside = ticker.Ticker("http://127.0.0.1:1", (), told.append)
        async with aiohttp.ClientSession() as session:
            for _ in range(3):
                await beside._refresh(session)

    asyncio.run(look_three_times())
    assert len(told) == 1
    assert "cannot read the functions of http://127.0.0.1:1" in told[0]


def run_ticker(url, *flags):
    command = [sys.executable, "-m", "gateway.ticker", "--api", url, *flags]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def stop_ticker(process):
    threading.Event().wait(0.2)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=5)
    return process.returncode, errors


@contextmanager
def fn_server(*statuses):
    server = FnServer(statuses)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class FnServer(http.server.ThreadingHTTPServer):
    """A Fn server with one scheduled function, whose calls are answered with these statuses."""

    def __init__(self, statuses):
        super().__init__(("127.0.0.1", 0), FnHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.statuses, self.asked = list(statuses), []
        self.answered = threading.Event()


class FnHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = f"{self.server.url}/invoke/1"
        annotations = {"states/schedule": "every 1h", "fnproject.io/fn/invokeEndpoint": url}
        name = "app" if self.path.startswith("/v2/apps") else "f"
        self.answer(200, {"items": [{"id": "1", "name": name, "annotations": annotations}]})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.headers["Fn-Invoke-Type"])
        self.answer(self.server.statuses.pop(0), {"message": "as told"})
        if not self.server.statuses:
            self.server.answered.set()

    def answer(self, status, value):
        body = json.dumps(value, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_the_ticker_needs_nothing_of_the_gateways_server():
    shows = "import sys, gateway.ticker; print(*sorted(m for m in sys.modules if 'gateway.' in m))"
    loaded = subprocess.check_output([sys.executable, "-c", shows], text=True)
    assert loaded.split() == ["gateway.annotations", "gateway.schedule", "gateway.ticker"]
