"""What operators see of a real installation: a trace through real functions, metrics, log lines."""

import json
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.installation import Installation

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
ECHO = {"Type": "Task", "Resource": "fn:tasks/echo"}
TWO_TASKS = {
    "StartAt": "A",
    "States": {"A": {**ECHO, "ResultPath": "$.a", "Next": "B"}, "B": {**ECHO, "End": True}},
}


def traces(run):
    """What the two tasks of a run were sent, the second of which answers the first."""
    output = run["output"]
    return [output["got"]["a"]["headers"]["traceparent"], output["headers"]["traceparent"]]


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
@pytest.mark.parametrize("door", ["trigger", "function"])
def test_a_trace_goes_from_invoke_through_every_task(states, door, type_):
    machine = states.do("create", definition=TWO_TASKS, type=type_)["id"]
    path = "/t/states/invoke" if door == "trigger" else f"/invoke/{states.function_id('invoke')}"
    order = {"state_machine": machine, "input": {}, "wait": 20}

    answer = states.http.post(
        path, content=json.dumps(order), headers={"traceparent": TRACEPARENT}
    ).json()

    sent = traces(answer)
    assert [header.split("-")[1] for header in sent] == [TRACE, TRACE]
    assert len({TRACEPARENT, *sent}) == 3
    assert {header[-3:] for header in sent} == {"-01"}


@pytest.mark.parametrize("header", [{}, {"traceparent": "00-zz-1-1"}])
def test_without_a_sound_trace_a_new_one_is_begun(states, header):
    machine = states.do("create", definition=TWO_TASKS)["id"]
    order = {"state_machine": machine, "input": {}, "wait": 20}

    answer = states.http.post("/t/states/invoke", content=json.dumps(order), headers=header)

    first, second = traces(answer.json())
    assert first.split("-")[1] == second.split("-")[1] != TRACE


@pytest.mark.parametrize(
    ("headers", "members"),
    [
        ({"traceparent": TRACEPARENT}, {}),
        ({"X-Amzn-Trace-Id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Sampled=1"}, {}),
        ({}, {"traceHeader": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Sampled=1"}),
    ],
)
def test_the_front_door_takes_a_trace_in_any_of_its_spellings(states, headers, members):
    machine = states.do("create", definition=TWO_TASKS)
    arn = f"arn:aws:states:us-east-1:000000000000:stateMachine:{machine['name']}"
    name = f"traced-{time.time_ns()}"
    states.http.post(
        "/t/states",
        content=json.dumps({"stateMachineArn": arn, "name": name, "input": "{}", **members}),
        headers={"X-Amz-Target": "AWSStepFunctions.StartExecution", **headers},
    ).raise_for_status()

    (started,) = states.do("executions", state_machine=machine["id"])["items"]
    run = states.ended(started["execution"])
    assert [header.split("-")[1] for header in traces(run)] == [TRACE, TRACE]


def scrape(states):
    answer = states.http.get("/t/states/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_count_what_was_done(states):
    counters = [
        ("fn_states_transitions_total",),
        ("fn_states_task_calls_total",),
        ("fn_states_executions_started_total",),
        ("fn_states_executions_ended_total", "Succeeded"),
    ]
    before = after = scrape(states)
    until = time.monotonic() + 10
    while not all(after[name] > before[name] for name in counters):
        assert time.monotonic() < until, after
        states.start_run(TWO_TASKS, wait=20)  # what a process counted is written a little later
        after = scrape(states)

    assert after["fn_states_executions", "Succeeded"] >= 1


def test_stuck_answers_get(states):
    answer = states.http.get("/t/states/stuck", params={"per_page": 5})

    assert answer.status_code == 200
    assert "items" in answer.json()


@pytest.fixture
def talkative(tmp_path):
    installation = Installation(tmp_path, config=("LOG_LEVEL=INFO",)).start()
    yield installation
    installation.stop()


def test_every_line_of_our_functions_is_json_and_holds_no_payload(talkative):
    secret = "4111-1111"
    definition = {
        "StartAt": "T",
        "States": {"T": {"Type": "Task", "Resource": "fn:tasks/moody", "End": True}},
    }
    run = talkative.start_run(definition, {"card": secret, "fail": "Declined"}, wait=20)
    talkative.http.post("/t/states/create", content=b"{")
    logged = [line.partition(": ") for line in talkative.logged().splitlines()]
    lines = [json.loads(line) for label, _, line in logged if label.startswith("states/")]
    told = [line for line in lines if line.get("execution") == run["execution"]]

    assert [line["message"] for line in told] == [
        "execution accepted",
        "task failed",
        "execution ended",
    ]
    assert {(line["function"], len(line["call_id"])) for line in told} == {("invoke", 26)}
    assert told[-1]["error"] == "Declined"
    assert secret not in talkative.logged()
