"""POST /invoke/{fn_id}: statuses and bodies as recorded on fnserver 0.3.753."""

import re
import socket
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

CASES = [
    ("a text is passed on", "text", 200, "plain"),
    ("a dict is written as Python writes it, not as JSON", "dict", 200, "{'a': 1}"),
    ("None is an empty body", "none", 200, ""),
    ("a raised exception loses its message", "fail", 502, '{"message":"function failed"}\n'),
    ("a raised TimeoutError is a time-out", "time_out", 504, '{"message":"Timed out"}\n'),
    (
        "a process that dies gives no response",
        "die",
        502,
        '{"message":"error receiving function response"}\n',
    ),
]


@pytest.mark.parametrize(
    ("op", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_an_outcome_of_the_function_has_its_status_and_body(gateway, op, status, body):
    answer = gateway.invoke("probe", {"op": op})
    assert (answer.status_code, answer.text) == (status, body)
    assert re.fullmatch("[0-9A-Z]{26}", answer.headers["Fn-Call-Id"])
    if status != 200:
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(("returned", "seen"), [(418, 200), (404, 200), (502, 502), (504, 504)])
def test_the_status_a_function_returns_is_ignored_except_502_and_504(gateway, returned, seen):
    assert gateway.invoke("probe", {"op": "info", "status": returned}).status_code == seen


def test_the_headers_of_the_function_are_passed_on(gateway):
    answer = gateway.invoke("probe", {"op": "info", "headers": {"X-Own": "1"}})
    assert answer.headers["X-Own"] == "1"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Fn-Fdk-Version"].startswith("fdk-python/")
    assert answer.headers["Fn-Fdk-Runtime"].startswith("python/")


def test_a_response_without_content_type_is_plain_text(gateway):
    assert gateway.invoke("probe", {"op": "text"}).headers["Content-Type"] == "text/plain"


def test_the_function_sees_the_headers_of_the_caller_and_those_of_fn(gateway):
    before = datetime.now(UTC)
    answer = gateway.invoke("probe", b"", X_Own="1", Fn_Call_Id="forged", Connection="keep-alive")
    seen = answer.json()["headers"]
    assert seen["x-own"] == "1"
    assert seen["host"] == "localhost"
    assert seen["fn-call-id"] == answer.headers["Fn-Call-Id"] != "forged"
    assert "connection" not in seen
    deadline = datetime.strptime(seen["fn-deadline"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert 18 <= (deadline - before).total_seconds() <= 21


def test_of_a_repeated_header_the_last_one_arrives(gateway):
    fn_id = gateway.ids()["probe"]
    headers = [("X-Twice", "1"), ("X-Twice", "2")]
    seen = gateway.http.post(f"/invoke/{fn_id}", headers=headers).json()["headers"]
    assert seen["x-twice"] == "2"


def test_the_environment_is_config_and_fn_variables_and_little_else(gateway, tools):
    env = gateway.invoke("probe").json()["env"]
    ids = gateway.ids()
    assert env["FN_FN_ID"] == ids["probe"]
    assert env["FN_MEMORY"] == "256"
    assert env["FN_TYPE"] == "sync"
    assert env["FN_FORMAT"] == "http-stream"
    assert env["FN_LISTENER"].startswith("unix:/")
    assert env["FN_API_URL"] == gateway.url
    assert (env["FROM_APP"], env["FROM_FN"], env["WHO"]) == ("app", "fn", "fn")
    first, second = env["PYTHONPATH"].split(":")
    assert first.endswith("/root/shared")
    assert second == str(tools.functions / "probe")
    others = {key for key in env if not key.startswith(("FN_", "FROM_"))}
    assert others <= {"PATH", "HOME", "LANG", "LC_CTYPE", "PYTHONPATH", "WHO"}


def test_the_working_directory_is_the_folder_of_the_function(gateway, tools):
    assert gateway.invoke("probe").json()["cwd"] == str(tools.functions / "probe")


def test_bytes_pass_through_in_both_directions(gateway):
    body = bytes(range(256)) * 4096
    fn_id = gateway.ids()["probe"]
    echoed = gateway.http.post(
        f"/invoke/{fn_id}", content=b'{"op":"echo","a":"' + b"y" * 99 + b'"}'
    )
    assert len(echoed.content) == 119
    answer = gateway.http.post(f"/invoke/{fn_id}", content=body)
    assert answer.json()["length"] == len(body)
    assert len(gateway.invoke("probe", {"op": "big", "bytes": 3_000_000}).content) == 3_000_000


def test_a_client_that_waits_for_100_continue_gets_it(gateway):
    host, port = urlsplit(gateway.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = f"POST /invoke/{gateway.ids()['probe']} HTTP/1.1\r\nHost: x\r\n"
        head += "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_body_without_a_length_is_taken(gateway):
    fn_id = gateway.ids()["probe"]
    answer = gateway.http.post(f"/invoke/{fn_id}", content=iter([b"12", b"345"]))
    assert answer.json()["length"] == 5


REFUSALS = [
    ("GET", "/invoke/nobody", 405, "Method not allowed: GET /invoke/nobody"),
    ("POST", "/invoke/nobody", 404, "Fn not found"),
    ("GET", "/x", 404, "Path not found: GET /x"),
    ("POST", "/invoke/a/b", 404, "Path not found: POST /invoke/a/b"),
    ("PATCH", "/v2/apps", 405, "Method not allowed: PATCH /v2/apps"),
]


@pytest.mark.parametrize(("method", "path", "status", "message"), REFUSALS)
def test_what_is_not_there_is_refused_in_the_words_of_fn(gateway, method, path, status, message):
    answer = gateway.http.request(method, path)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_the_small_pages_are_those_of_fn(gateway):
    assert gateway.http.get("/version").text == '{"version":"0.3.753"}'
    hello = '{"goto":"https://github.com/fnproject/fn","hello":"world!"}'
    assert gateway.http.get("/").text == hello


def test_metrics_count_the_calls_by_function_and_status(gateway):
    gateway.invoke("hello", app="states")
    assert (
        'fn_calls_total{app="states",fn="hello",status="200"} ' in gateway.http.get("/metrics").text
    )


def test_a_detached_call_is_accepted_at_once_and_runs_on(gateway, tools, tmp_path):
    file = tmp_path / "marks"
    started = time.monotonic()
    answer = gateway.invoke(
        "probe", {"op": "mark", "file": str(file), "seconds": 0.3}, Fn_Invoke_Type="detached"
    )
    assert time.monotonic() - started < 0.3
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Fn-Call-Id"]
    assert tools.eventually(lambda: file.exists() and file.read_text().endswith("end\n"))


def test_a_detached_call_of_an_unknown_function_is_refused(gateway):
    answer = gateway.http.post("/invoke/nobody", headers={"Fn-Invoke-Type": "detached"})
    assert (answer.status_code, answer.json()) == (404, {"message": "Fn not found"})


def test_lines_of_a_function_come_out_with_its_name_and_without_debug_noise(gateway, tools):
    gateway.invoke("probe", {"op": "print"})
    wanted = ("probes/probe: to stdout\n", "probes/probe: to stderr\n")
    assert tools.eventually(lambda: all(w in gateway.errors.read_text() for w in wanted))
    assert "noise" not in gateway.errors.read_text()
