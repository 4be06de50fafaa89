"""Log sinks against real files, a real HTTP server, and what the OTLP exporter really posts."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asl.remote.log_sinks.opening import open_log_sink
from asl.remote.log_sinks.sink import LogRecord, SinkFault
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def record(number=1, *, failed=False, trace="", **more):
    text = json.dumps({"n": number, **more}, ensure_ascii=False)
    labels = {"kind": "step", "execution": "01EXECUTION"}
    return LogRecord(1_700_000_000_123, failed, trace, labels, text)


class Collector(ThreadingHTTPServer):
    """Keeps what is posted; answers what it is told to."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.answers = []
        self.delay = threading.Event()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        )
        status, headers, said = (
            self.server.answers.pop(0) if self.server.answers else (200, {}, b"")
        )
        if status is None:
            self.server.delay.wait(5)
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.delay.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_no_setting_is_no_sink():
    assert open_log_sink("", {}) is None


def test_a_file_gets_whole_lines_at_its_end(tmp_path):
    path = tmp_path / "runs of today.jsonl"
    for portion in ([record(1), record(2, text="äöü\u2028")], [record(3)]):
        open_log_sink(f"file://{tmp_path}/runs%20of%20today.jsonl", {}).send(portion, 1)

    lines = path.read_bytes().split(b"\n")
    assert [json.loads(line)["n"] for line in lines[:-1]] == [1, 2, 3]
    assert lines[-1] == b""


def test_a_line_that_was_torn_does_not_spoil_the_next_one(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": ')
    open_log_sink(f"file://{path}", {}).send([record(2)], 1)

    assert path.read_bytes() == b'{"n": 1}\n{"n": \n{"n": 2}\n'


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    sink = open_log_sink(f"file://{tmp_path}/no/such/folder/runs.jsonl", {})

    with pytest.raises(SinkFault, match=r"no/such/folder.*No such file"):
        sink.send([record()], 1)


def test_a_full_disk_is_a_fault():
    with pytest.raises(SinkFault, match="No space left"):
        open_log_sink("file:///dev/full", {}).send([record()], 1)


STDOUT = """
from asl.remote.log_sinks.opening import open_log_sink
from asl.remote.log_sinks.sink import LogRecord
open_log_sink("stdout", {}).send([LogRecord(1, False, "", {}, '{"n": "ä"}')], 1)
import os; os._exit(9)
"""


def test_stdout_has_the_lines_though_the_process_is_killed_right_after():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "0"}
    ran = subprocess.run(
        [sys.executable, "-c", STDOUT], check=False, capture_output=True, env=environment
    )

    assert ran.returncode == 9
    assert ran.stdout == '{"n": "ä"}\n'.encode()


def test_an_endpoint_gets_lines_of_json(collector):
    sink = open_log_sink(f"http://user:pa%20ss@{collector.address}/in?a=1", {"X-Key": "secret"})
    sink.send([record(1), record(2, text="ä")], 5)

    ((path, headers, body),) = collector.requests
    assert path == "/in?a=1"
    assert headers["content-type"] == "application/x-ndjson"
    assert headers["x-key"] == "secret"
    assert headers["authorization"] == "Basic dXNlcjpwYSBzcw=="
    assert [json.loads(line)["n"] for line in body.decode().splitlines()] == [1, 2]


@pytest.mark.parametrize(
    ("status", "is_refusal"),
    [(302, False), (400, True), (401, False), (413, True), (422, True), (429, False), (503, False)],
)
def test_whatever_an_endpoint_answers_but_2xx_is_a_fault_that_says_so(
    collector, status, is_refusal
):
    collector.answers = [(status, {"Location": "/elsewhere"}, b"because")]
    sink = open_log_sink(f"http://user:word@{collector.address}/in", {})

    with pytest.raises(SinkFault, match=f"answered {status} because") as fault:
        sink.send([record()], 5)
    assert fault.value.is_refusal is is_refusal
    assert "word" not in str(fault.value)
    assert len(collector.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_an_arrival(collector, status):
    collector.answers = [(status, {}, b"")]
    open_log_sink(f"http://{collector.address}/in", {}).send([record()], 5)

    assert len(collector.requests) == 1


@pytest.mark.parametrize("kind", ["", "otlp+"])
def test_an_endpoint_that_is_not_there_is_a_fault(collector, kind, monkeypatch):
    monkeypatch.setattr("asl.remote.log_sinks.otlp.TIMEOUT_SECONDS", 0.3)
    address = collector.address.rsplit(":", 1)[0] + ":1"
    sink = open_log_sink(f"{kind}http://{address}", {})

    with pytest.raises(SinkFault, match=address):
        sink.send([record()], 5)


@pytest.mark.parametrize("kind", ["", "otlp+"])
def test_an_endpoint_that_does_not_answer_in_time_is_a_fault(collector, kind, monkeypatch):
    monkeypatch.setattr("asl.remote.log_sinks.otlp.TIMEOUT_SECONDS", 0.3)
    collector.answers = [(None, {}, b"")] * 9
    sink = open_log_sink(f"{kind}http://{collector.address}", {})

    with pytest.raises(SinkFault) as fault:
        sink.send([record()], 0.3)
    assert not fault.value.is_refusal


def exported(collector):
    """The log records that were posted, with the resource and the scope of the first."""
    ((path, headers, body),) = collector.requests
    assert headers["content-type"] == "application/x-protobuf"
    (resource,) = ExportLogsServiceRequest.FromString(body).resource_logs
    (scope,) = resource.scope_logs
    return path, headers, resource.resource, scope


def attributes(message):
    return {pair.key: pair.value.string_value for pair in message.attributes}


def test_a_collector_gets_otlp(collector):
    sink = open_log_sink(f"otlp+http://{collector.address}", {"X-Key": "secret"})
    sink.send([record(1, failed=True, trace=TRACE), record(2, text="ä\x00\\ud800")], 5)

    path, headers, resource, scope = exported(collector)
    assert path == "/v1/logs"
    assert headers["x-key"] == "secret"
    assert attributes(resource) == {"service.name": "fn-states"}
    assert scope.scope.name == "fn-states"
    first, second = scope.log_records
    assert json.loads(first.body.string_value) == {"n": 1}
    assert json.loads(second.body.string_value)["text"] == "ä\x00\\ud800"
    assert attributes(first) == {"fn_states.kind": "step", "fn_states.execution": "01EXECUTION"}
    assert first.time_unix_nano == 1_700_000_000_123_000_000
    assert (first.severity_text, second.severity_text) == ("ERROR", "INFO")
    assert first.trace_id.hex() == TRACE.split("-")[1]
    assert first.span_id.hex() == TRACE.split("-")[2]
    assert second.trace_id == b""


def test_a_collector_with_a_path_of_its_own_is_sent_to_there(collector):
    open_log_sink(f"otlp+http://{collector.address}/otlp/v1/logs", {}).send([record()], 5)

    assert exported(collector)[0] == "/otlp/v1/logs"


@pytest.mark.parametrize(("status", "is_refusal"), [(307, False), (400, True), (401, False)])
def test_what_a_collector_refuses_is_a_fault(collector, status, is_refusal):
    collector.answers = [(status, {"Location": "/elsewhere"}, b"")]

    with pytest.raises(SinkFault, match=f"it answered {status}") as fault:
        open_log_sink(f"otlp+http://{collector.address}", {}).send([record()], 5)
    assert fault.value.is_refusal is is_refusal


def test_a_collector_that_takes_only_some_of_the_records_is_a_fault(collector):
    partial = ExportLogsServiceResponse()
    partial.partial_success.rejected_log_records = 1
    partial.partial_success.error_message = "too old"
    collector.answers = [
        (200, {"Content-Type": "application/x-protobuf"}, partial.SerializeToString())
    ]

    with pytest.raises(SinkFault, match="it rejected 1 records: too old") as fault:
        open_log_sink(f"otlp+http://{collector.address}", {}).send([record(1), record(2)], 5)
    assert fault.value.is_refusal


def test_a_collector_that_is_busy_for_a_moment_is_asked_again(collector):
    collector.answers = [(503, {"Retry-After": "0"}, b"")]
    open_log_sink(f"otlp+http://{collector.address}", {}).send([record()], 5)

    assert len(collector.requests) == 2
