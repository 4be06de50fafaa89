"""Hot processes: pools, limits, time-outs and the ends of processes."""

import os
import signal
import socket
import subprocess
import time
from functools import partial
from urllib.parse import urlsplit

import pytest

INIT_FAILED = (
    "Container failed to initialize, please ensure you are using the latest fdk and check the logs"
)
INIT_TIMED_OUT = (
    "Container initialization timed out, please ensure you are using the latest fdk and "
    "check the logs"
)


def post_and_hang_up(gateway, fn_id, body, after, headers=""):
    """Sends a request on a bare connection and closes it some seconds later, unanswered."""
    host, port = urlsplit(gateway.url).netloc.split(":")
    with socket.create_connection((host, int(port))) as connection:
        headers += f"Host: x\r\nContent-Length: {len(body)}\r\n"
        head = f"POST /invoke/{fn_id} HTTP/1.1\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)
        time.sleep(after)


def processes(gateway, label, state):
    app, name = label.split("/")
    line = f'fn_processes{{app="{app}",fn="{name}",state="{state}"}} '
    found = [x for x in gateway.http.get("/metrics").text.splitlines() if x.startswith(line)]
    return int(found[0].removeprefix(line)) if found else 0


def test_calls_one_after_another_are_served_by_one_process(gateway):
    first = gateway.invoke("probe").json()
    second = gateway.invoke("probe").json()
    assert second["pid"] == first["pid"]
    assert second["calls"] == first["calls"] + 1


def test_calls_at_the_same_time_are_served_by_processes_of_their_own(gateway):
    call = partial(gateway.invoke, "probe", {"op": "sleep", "seconds": 0.5})
    started = time.monotonic()
    answers = gateway.at_once(*[call] * 3)
    assert len({answer.json()["pid"] for answer in answers}) == 3
    assert time.monotonic() - started < 1.4


def test_a_call_past_its_timeout_is_answered_504_and_its_process_killed(gateway, tools):
    pid = int(gateway.invoke("brief", b"0").text)
    started = time.monotonic()
    answer = gateway.invoke("brief", b"5")
    assert (answer.status_code, answer.json()) == (504, {"message": "Timed out"})
    assert 0.9 < time.monotonic() - started < 2
    assert tools.eventually(lambda: not tools.is_alive(pid))
    assert gateway.invoke("brief", b"0").status_code == 200


def test_a_function_is_imported_at_its_first_call_and_the_call_waits(gateway):
    assert gateway.invoke("slow-import").text == "imported"


def test_a_folder_without_func_py_fails_to_initialize(gateway):
    answer = gateway.invoke("absent")
    assert (answer.status_code, answer.json()) == (502, {"message": INIT_FAILED})


def test_a_process_that_never_opens_its_socket_is_given_up_after_five_seconds(gateway):
    started = time.monotonic()
    answer = gateway.invoke("hangs")
    assert (answer.status_code, answer.json()) == (504, {"message": INIT_TIMED_OUT})
    assert 4.9 < time.monotonic() - started < 6


def test_a_process_that_raised_goes_on_serving_and_one_that_died_is_replaced(gateway):
    pid = gateway.invoke("probe").json()["pid"]
    gateway.invoke("probe", {"op": "fail"})
    assert gateway.invoke("probe").json()["pid"] == pid
    gateway.invoke("probe", {"op": "die"})
    assert gateway.invoke("probe").json()["pid"] != pid


def test_a_process_killed_while_idle_is_replaced_unseen(gateway, tools):
    pid = gateway.invoke("probe").json()["pid"]
    os.kill(pid, signal.SIGKILL)
    assert tools.eventually(lambda: not tools.is_alive(pid))
    assert gateway.invoke("probe").status_code == 200


def test_a_client_that_hangs_up_kills_the_call(gateway, tools, tmp_path):
    file = tmp_path / "marks"
    body = b'{"op":"mark","seconds":1,"file":"%s"}' % str(file).encode()
    post_and_hang_up(gateway, gateway.ids()["probe"], body, after=0.4)
    pid = int(file.read_text().split()[1])
    assert tools.eventually(lambda: not tools.is_alive(pid), seconds=0.5)
    assert "end" not in file.read_text()


def test_a_client_that_hangs_up_does_not_hurt_a_detached_call(gateway, tools, tmp_path):
    file = tmp_path / "marks"
    body = b'{"op":"mark","seconds":0.4,"file":"%s"}' % str(file).encode()
    detached = "Fn-Invoke-Type: detached\r\n"
    post_and_hang_up(gateway, gateway.ids()["probe"], body, after=0.1, headers=detached)
    assert tools.eventually(lambda: file.exists() and "end" in file.read_text())


def test_a_process_idle_for_its_idle_timeout_ends(gateway, tools):
    pid = int(gateway.invoke("short-idle").text)
    time.sleep(0.5)
    assert tools.is_alive(pid)
    assert tools.eventually(lambda: not tools.is_alive(pid), seconds=2)


def test_calls_beyond_the_limit_wait_in_line(start):
    gateway = start("--max-processes", "2")
    call = partial(gateway.invoke, "probe", {"op": "sleep", "seconds": 0.2})
    answers = gateway.at_once(*[call] * 6)
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.json()["pid"] for answer in answers}) <= 2


def test_an_idle_process_makes_room_for_another_function(start, tools):
    gateway = start("--max-processes", "1")
    pid = gateway.invoke("probe").json()["pid"]
    assert gateway.invoke("slow-import").text == "imported"
    assert tools.eventually(lambda: not tools.is_alive(pid))
    assert gateway.invoke("probe").json()["pid"] != pid


def test_a_function_with_all_the_processes_yields_one_to_a_function_with_none(start):
    gateway = start("--max-processes", "2")

    def end_of(name, body):
        assert gateway.invoke(name, body).status_code == 200
        return time.monotonic()

    busy = partial(end_of, "probe", {"op": "sleep", "seconds": 0.3})
    *ends, end_of_other = gateway.at_once(*[busy] * 8, partial(end_of, "slow-import", b""))
    assert end_of_other < max(ends)


def test_one_function_can_have_its_own_limit(start):
    gateway = start("--max-processes-per-function", "1")
    call = partial(gateway.invoke, "probe", {"op": "sleep", "seconds": 0.1})
    answers = gateway.at_once(*[call] * 3)
    assert len({answer.json()["pid"] for answer in answers}) == 1


def test_with_busy_503_a_call_without_room_is_refused_at_once(start, tools):
    gateway = start("--max-processes", "1", "--busy", "503")
    fn_id = gateway.ids()["probe"]
    body = {"op": "sleep", "seconds": 0.6}
    detached = {"Fn-Invoke-Type": "detached"}
    gateway.http.post(f"/invoke/{fn_id}", json=body, headers=detached)
    assert tools.eventually(lambda: processes(gateway, "probes/probe", "busy") == 1)
    for headers in ({}, detached):
        answer = gateway.http.post(f"/invoke/{fn_id}", headers=headers)
        assert answer.status_code == 503
        assert answer.json() == {"message": "Timed out - server too busy"}
        assert answer.headers["Retry-After"] == "15"


def test_a_body_over_the_limit_is_refused_by_its_length(start):
    gateway = start("--max-request-size", "1000")
    answer = gateway.invoke("probe", b"x" * 1500)
    message = '{"message":"Content-Length too large for this server, 1500 \\u003e max 1000"}\n'
    assert (answer.status_code, answer.text) == (413, message)
    chunked = gateway.http.post(f"/invoke/{gateway.ids()['probe']}", content=iter([b"x" * 1500]))
    assert chunked.status_code == 502
    assert gateway.invoke("probe", b"x" * 1000).status_code == 200


def test_with_freeze_an_idle_process_stands_still_and_goes_on_at_the_next_call(start, tools):
    gateway = start("--freeze")
    pid = gateway.invoke("probe").json()["pid"]

    def stopped():
        return state_of(pid) == "T"

    assert tools.eventually(stopped, seconds=1)
    assert gateway.invoke("probe").json()["pid"] == pid
    assert tools.eventually(stopped, seconds=1)


def state_of(pid):
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()[:1]


@pytest.mark.parametrize("change", [{"config": {"A": "1"}}, {"timeout": 9}])
def test_a_change_of_the_function_takes_new_processes(start, tools, change):
    gateway = start()
    fn_id = gateway.ids()["probe"]
    pid = gateway.invoke("probe").json()["pid"]
    gateway.http.put(f"/v2/fns/{fn_id}", json=change)
    seen = gateway.invoke("probe").json()
    assert seen["pid"] != pid
    assert seen["env"].get("A") == change.get("config", {}).get("A")
    assert tools.eventually(lambda: not tools.is_alive(pid))


def test_a_running_call_finishes_on_the_process_from_before_a_change(start, tools):
    gateway = start()
    fn_id = gateway.ids()["probe"]
    pid = gateway.invoke("probe").json()["pid"]

    def change():
        assert tools.eventually(lambda: processes(gateway, "probes/probe", "busy") == 1)
        gateway.http.put(f"/v2/fns/{fn_id}", json={"config": {"A": "1"}})

    call = partial(gateway.invoke, "probe", {"op": "sleep", "seconds": 0.4})
    answer, _ = gateway.at_once(call, change)
    assert answer.json()["pid"] == pid
    assert tools.eventually(lambda: not tools.is_alive(pid))
