"""Starting, staying the same over restarts, changing while running, and leaving nothing behind."""

import errno
import os
import signal
import socket
import time
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

NO_PROBES = {"probes": False}


def test_ids_settings_and_added_functions_outlive_a_restart(start, tools, tmp_path):
    added = tools.make_function(tmp_path / "added", "added", "added")
    tools.make_root(tmp_path / "root", one="1", two="2")
    gateway = start(**NO_PROBES)
    before = gateway.ids("states")
    app_id = gateway.http.get(f"/v2/fns/{before['one']}").json()["app_id"]
    gateway.http.post("/v2/fns", json={"app_id": app_id, "name": "added", "image": str(added)})
    gateway.http.put(f"/v2/apps/{app_id}", json={"config": {"KEY": "value"}})
    before = gateway.ids("states")
    gateway.stop()
    gateway = start(**NO_PROBES)
    assert gateway.ids("states") == before
    assert gateway.http.get(f"/v2/apps/{app_id}").json()["config"] == {"KEY": "value"}
    assert gateway.invoke("added", app="states").text == "added"


def test_a_function_whose_folder_has_gone_goes_at_the_next_start(start, tools, tmp_path):
    root = tools.make_root(tmp_path / "root", one="1", two="2")
    gateway = start(**NO_PROBES)
    gateway.stop()
    (root / "functions" / "two" / "func.yaml").unlink()
    assert sorted(start(**NO_PROBES).ids("states")) == ["one"]


def test_only_the_root_and_its_functions_folder_are_deployed(start, tools, tmp_path):
    root = tools.make_root(tmp_path / "root", one="1")
    tools.make_function(root, "front", "door", "triggers: [{name: r, type: http, source: /}]\n")
    tools.make_function(root / "tests" / "x", "x", "x")
    tools.make_function(root / ".venv" / "y", "y", "y")
    tools.make_function(root / "functions" / "one" / "deeper", "z", "z")
    gateway = start(**NO_PROBES)
    assert sorted(gateway.ids("states")) == ["front", "one"]
    assert gateway.http.get("/t/states").text == "door"


def test_config_flags_reach_the_functions_of_the_root(start, tools, tmp_path):
    root = tools.make_root(tmp_path / "root")
    folder = tools.make_function(root / "functions" / "env", "env", "")
    (folder / "func.py").write_text(
        "import os\ndef handler(ctx, data=None): return os.environ['KEY']\n"
    )
    gateway = start("--config", "KEY=a=b", **NO_PROBES)
    assert gateway.invoke("env", app="states").text == "a=b"


def test_functions_import_the_library_of_the_root(start, tools, tmp_path):
    root = tools.make_root(tmp_path / "root")
    (root / "shared").mkdir()
    (root / "shared" / "common_part.py").write_text("WORD = 'shared'\n")
    folder = tools.make_function(root / "functions" / "user", "user", "")
    (folder / "func.py").write_text(
        "import common_part\ndef handler(ctx, data=None): return common_part.WORD\n"
    )
    assert start(**NO_PROBES).invoke("user", app="states").text == "shared"


def test_a_function_can_be_added_changed_and_removed_while_running(start, tools, tmp_path):
    gateway = start(**NO_PROBES)
    [app] = gateway.http.get("/v2/apps").json()["items"]
    old = tools.make_function(tmp_path / "old", "f", "old")
    new = tools.make_function(tmp_path / "new", "f", "new")
    body = {"app_id": app["id"], "name": "f", "image": str(old)}
    fn_id = gateway.http.post("/v2/fns", json=body).json()["id"]
    trigger = {"app_id": app["id"], "fn_id": fn_id, "name": "t", "type": "http", "source": "/f"}
    gateway.http.post("/v2/triggers", json=trigger)
    assert gateway.http.get("/t/states/f").text == "old"
    gateway.http.put(f"/v2/fns/{fn_id}", json={"image": str(new)})
    assert gateway.http.get("/t/states/f").text == "new"
    (new / "func.py").write_text("def handler(ctx, data=None): return 'edited'\n")
    gateway.http.put(f"/v2/fns/{fn_id}", json={"image": str(new)})
    assert gateway.http.get("/t/states/f").text == "edited"
    assert gateway.http.delete(f"/v2/fns/{fn_id}").status_code == 204
    assert gateway.http.get("/t/states/f").json() == {"message": "Trigger not found"}
    assert gateway.http.post(f"/invoke/{fn_id}").json() == {"message": "Fn not found"}


def test_an_image_that_is_no_folder_cannot_be_run(start):
    gateway = start(**NO_PROBES)
    [app] = gateway.http.get("/v2/apps").json()["items"]
    body = {"app_id": app["id"], "name": "f", "image": "f:0.0.1"}
    fn_id = gateway.http.post("/v2/fns", json=body).json()["id"]
    answer = gateway.http.post(f"/invoke/{fn_id}")
    assert answer.status_code == 404
    assert answer.json() == {"message": "Failed to pull image 'f:0.0.1': no such folder"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_gateway_and_every_process_it_started(start, tools, number):
    gateway = start()
    seen = gateway.invoke("probe", {"op": "spawn"}).json()
    sockets = Path(gateway.invoke("probe").json()["env"]["FN_LISTENER"].removeprefix("unix:"))
    assert sockets.exists()
    code, seconds = gateway.stop(number)
    assert code == 0
    assert seconds < 2
    assert not tools.is_alive(seen["pid"])
    assert not tools.is_alive(seen["child"])
    assert not sockets.parents[1].exists()


def test_a_killed_gateway_leaves_no_process_behind(start, tools):
    gateway = start()
    seen = gateway.invoke("probe", {"op": "spawn"}).json()
    sockets = Path(gateway.invoke("probe").json()["env"]["FN_LISTENER"].removeprefix("unix:"))
    gateway.stop(signal.SIGKILL)
    assert tools.eventually(lambda: not tools.is_alive(seen["pid"]))
    assert tools.eventually(lambda: not tools.is_alive(seen["child"]))
    assert tools.eventually(lambda: not sockets.parents[1].exists())


def test_what_a_dead_function_had_started_is_killed_too(start, tools):
    gateway = start()
    child = gateway.invoke("probe", {"op": "spawn"}).json()["child"]
    gateway.invoke("probe", {"op": "die"})
    assert tools.eventually(lambda: not tools.is_alive(child))


def test_a_call_that_runs_when_the_gateway_is_stopped_is_finished(start):
    gateway = start()
    gateway.invoke("probe")
    call = partial(gateway.invoke, "probe", {"op": "sleep", "seconds": 0.8})

    def stop():
        time.sleep(0.3)
        gateway.process.send_signal(signal.SIGTERM)

    answer, _ = gateway.at_once(call, stop)
    assert answer.status_code == 200
    assert gateway.process.wait(5) == 0


def test_a_call_that_runs_too_long_does_not_hold_up_the_end(start):
    gateway = start()
    fn_id = gateway.ids()["probe"]
    detached = {"Fn-Invoke-Type": "detached"}
    body = {"op": "sleep", "seconds": 15}
    gateway.http.post(f"/invoke/{fn_id}", json=body, headers=detached)
    time.sleep(0.3)
    code, seconds = gateway.stop()
    assert code == 0
    assert 4.5 < seconds < 7


def test_a_second_gateway_on_the_same_data_is_refused_in_one_line(start):
    start(**NO_PROBES)
    second = start(**NO_PROBES)
    assert second.process.wait(5) == 1
    [line] = second.errors.read_text().splitlines()
    assert line.startswith("gateway: another gateway is running on ")


def test_a_port_in_use_is_told_in_one_line(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        gateway = start(port=port, **NO_PROBES)
        assert gateway.process.wait(5) == 1
    [line] = gateway.errors.read_text().splitlines()
    assert line == f"gateway: cannot listen on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}"


def test_a_data_folder_that_cannot_be_is_told_in_one_line(start, tmp_path):
    (tmp_path / "data").write_text("")
    gateway = start(**NO_PROBES)
    assert gateway.process.wait(5) == 1
    [line] = gateway.errors.read_text().splitlines()
    assert line.startswith(f"gateway: cannot keep data in {tmp_path / 'data'}: ")


def test_an_app_without_functions_is_told_in_one_line(start, tmp_path):
    (tmp_path / "empty").mkdir()
    gateway = start("--app", f"mine={tmp_path / 'empty'}", **NO_PROBES)
    assert gateway.process.wait(5) == 1
    [line] = gateway.errors.read_text().splitlines()
    assert line == f"gateway: --app mine: no func.yaml below {tmp_path / 'empty'}"


@pytest.mark.parametrize("port", ["soon", "-1", "65536"])
def test_what_is_no_port_is_refused(start, port):
    gateway = start(port=port, **NO_PROBES)
    assert gateway.process.wait(5) == 2
    assert "is no port, 0 to 65535" in gateway.errors.read_text()


BROKEN = [
    ("timeout: soon\n", "timeout must be a whole number"),
    ("timeout: 301\n", "timeout value is out of range, must be between 0 and 300"),
    ("triggers: [{name: t, type: http, source: x}]\n", "Missing Trigger Source Prefix '/'"),
    ("config: [1]\n", "config and annotations must be mappings"),
    ("\t{", "cannot read"),
]


@pytest.mark.parametrize(("spec", "reason"), BROKEN)
def test_a_broken_func_yaml_is_told_in_one_line_with_its_folder(
    start, tools, tmp_path, spec, reason
):
    root = tools.make_root(tmp_path / "root")
    tools.make_function(root / "functions" / "broken", "broken", "", spec)
    gateway = start(**NO_PROBES)
    assert gateway.process.wait(5) == 1
    [line] = gateway.errors.read_text().splitlines()
    assert "functions/broken" in line
    assert reason in line


def test_it_listens_on_the_address_it_prints(start):
    gateway = start(**NO_PROBES)
    assert urlsplit(gateway.url).hostname == "127.0.0.1"
    assert gateway.http.get("/version").status_code == 200
