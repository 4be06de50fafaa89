"""The actions through the doors a user has: HTTP triggers, invoke endpoints, GET."""

import json
from uuid import uuid4

import pytest

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}


@pytest.fixture
def name():
    """One that no other run of the tests has left on the server."""
    return f"m-{uuid4().hex}"


def test_a_workflow_is_created_invoked_listed_and_shown(states, name):
    machine = states.do("create", name=name, definition=PASS, tags={"team": "a"})
    run = states.do("invoke", state_machine=name, input={"n": 1}, wait=10)
    shown = states.do("executions", execution=run["execution"])
    steps = states.do("steps", execution=run["execution"])["items"]
    listed = states.do("list", prefix=name[:-1])["items"]

    assert machine["version"] == 1
    assert run["status"] == "Succeeded"
    assert run["output"] == {"n": 1}
    assert shown["input"] == {"n": 1}
    assert [(s["state"], s["type"], s["status"]) for s in steps] == [("P", "Pass", "Succeeded")]
    assert [m["id"] for m in listed] == [machine["id"]]


@pytest.mark.parametrize("action", ["list", "executions"])
def test_lists_answer_get_with_the_same_fields(states, action):
    posted = states.do(action, per_page=2)
    got = states.http.get(f"/t/states/{action}", params={"per_page": 2})

    assert got.status_code == 200
    assert got.json().keys() == posted.keys()


@pytest.mark.parametrize("host", ["[", "[::1", "[x]"])
def test_a_list_is_answered_whatever_host_was_asked_for(states, host):
    got = states.http.get("/t/states/list?per_page=1", headers={"Host": host})

    assert got.status_code == 200, got.text


def test_steps_answer_get(states):
    run = states.start_run(PASS, wait=10)

    got = states.http.get("/t/states/steps", params={"execution": run["execution"]})

    assert [step["state"] for step in got.json()["items"]] == ["P"]


def test_every_action_answers_at_its_invoke_endpoint(states):
    function = states.function_id("list")

    answer = states.http.post(f"/invoke/{function}", content="{}")

    assert answer.status_code == 200
    assert "items" in answer.json()


def test_pages_follow_each_other_without_gap(states, name):
    names = [f"{name}-{n}" for n in range(5)]
    for one in names:
        states.do("create", name=one, definition=PASS)
    seen, cursor = [], {}
    while True:
        page = states.do("list", prefix=f"{name}-", per_page=2, **cursor)
        seen += [item["name"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert seen == names


def test_an_update_leaves_runs_in_flight_alone(states):
    machine = states.do("create", definition=WAIT)
    run = states.do("invoke", state_machine=machine["id"])
    updated = states.do("update", state_machine=machine["id"], definition=PASS)
    newer = states.do("invoke", state_machine=machine["id"], wait=10)
    older = states.do("invoke", state_machine=f"{machine['name']}:1")

    assert updated["version"] == 2
    assert states.do("executions", execution=run["execution"])["version"] == 1
    assert (newer["version"], newer["status"]) == (2, "Succeeded")
    assert older["version"] == 1
    for execution in (run, older):
        states.do("stop", execution=execution["execution"])


def test_the_same_name_and_input_answer_the_same_run(states):
    machine = states.do("create", definition=PASS)
    first = states.do("invoke", state_machine=machine["id"], name="once", input={"a": 1})
    again = states.do("invoke", state_machine=machine["id"], name="once", input={"a": 1})
    status, refused = states.call(
        "invoke", state_machine=machine["id"], name="once", input={"a": 2}
    )

    assert again["execution"] == first["execution"]
    assert (status, refused["error"]) == (409, "ExecutionAlreadyExists")


def test_a_stopped_run_stays_stopped_for_the_given_reason(states):
    run = states.start_run(WAIT)
    stopped = states.do("stop", execution=run["execution"], error="Enough", cause="of this")
    again = states.do("stop", execution=run["execution"], error="Other")
    steps = states.do("steps", execution=run["execution"])["items"]

    assert (stopped["status"], stopped["error"], stopped["cause"]) == (
        "Aborted",
        "Enough",
        "of this",
    )
    assert (again["error"], again["ended_at"]) == ("Enough", stopped["ended_at"])
    assert {step["status"] for step in steps} == {"Aborted"}


def test_a_deleted_machine_frees_its_name_and_its_runs_go_on(states, name):
    machine = states.do("create", name=name, definition=WAIT)
    run = states.do("invoke", state_machine=name)
    deleted = states.do("delete", state_machine=name)
    status, refused = states.call("invoke", state_machine=name)
    states.do("create", name=name, definition=PASS)

    assert deleted == {"id": machine["id"], "name": name, "status": "DELETING"}
    assert (status, refused["error"]) == (404, "StateMachineDoesNotExist")
    assert states.do("executions", execution=run["execution"])["status"] in ("Pending", "Executing")
    states.do("stop", execution=run["execution"])


def test_the_evictor_counts_before_it_evicts(states):
    answer = states.do("evictor", dry_run=True)

    assert answer == {"shipped": 0, "would_ship": 0, "evicted": 0, "would_evict": 0, "left": 0}


BAD = [
    ("create", b"", 400, "InvalidInput", "definition"),
    ("create", b"{", 400, "InvalidInput", "not JSON"),
    ("create", b"[]", 400, "InvalidInput", "object"),
    ("create", b"\xff", 400, "InvalidInput", "UTF-8"),
    ("create", {"definition": 1}, 400, "InvalidInput", "definition"),
    ("create", {"definition": {}, "colour": 1}, 400, "InvalidInput", "colour"),
    ("create", {"definition": PASS, "name": "a b"}, 400, "InvalidInput", "name"),
    ("create", {"definition": PASS, "name": "x" * 81}, 400, "InvalidInput", "name"),
    ("create", {"definition": PASS, "type": "FAST"}, 400, "InvalidInput", "type"),
    ("create", {"definition": PASS, "retention_days": 31}, 400, "InvalidInput", "retention_days"),
    ("create", {"definition": {}}, 422, "InvalidDefinition", "StartAt"),
    ("create", {"definition": "nonsense"}, 422, "InvalidDefinition", "JSON"),
    ("create", {"definition": " " * 2_200_000}, 413, "PayloadTooLarge", "bytes"),
    ("update", {"state_machine": "no", "definition": PASS}, 404, "StateMachineDoesNotExist", "no"),
    ("delete", {}, 400, "InvalidInput", "state_machine"),
    ("invoke", {"state_machine": "nobody"}, 404, "StateMachineDoesNotExist", "nobody"),
    ("invoke", {"state_machine": "nobody:7"}, 404, "StateMachineDoesNotExist", "nobody:7"),
    ("invoke", {"state_machine": "x", "wait": -1}, 400, "InvalidInput", "wait"),
    ("invoke", {"state_machine": "x", "input": "y" * 300_000}, 413, "PayloadTooLarge", "input"),
    ("executions", {"execution": "nothing"}, 404, "ExecutionDoesNotExist", "nothing"),
    ("executions", {"status": "Sleeping"}, 400, "InvalidInput", "status"),
    ("executions", {"cursor": "%%%"}, 400, "InvalidInput", "cursor"),
    ("steps", {"execution": "nothing"}, 404, "ExecutionDoesNotExist", "nothing"),
    ("list", {"per_page": 0}, 400, "InvalidInput", "per_page"),
    ("list", {"per_page": "many"}, 400, "InvalidInput", "per_page"),
    ("stop", {"execution": "nothing"}, 404, "ExecutionDoesNotExist", "nothing"),
    ("step-runner", {}, 400, "InvalidInput", "operation"),
    ("evictor", {"dry_run": "perhaps"}, 400, "InvalidInput", "dry_run"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "body", "status", "error", "names"),
    BAD,
    ids=[f"{b[0]} {str(b[1])[:40]}" for b in BAD],
)
def test_bad_input_is_refused_by_name_and_place(states, action, body, status, error, names):
    content = body if isinstance(body, bytes) else json.dumps(body)

    answer = states.http.post(f"/t/states/{action}", content=content)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"] == error
    assert names in answer.json()["message"]


@pytest.mark.parametrize("operation", ["x", "nobody.1", "01M812E0DXBVFQBD4C04J72BB1.99", "é.1"])
def test_a_forged_message_is_harmless(states, operation):
    assert states.do("step-runner", operation=operation) == {"transitions": 0}


@pytest.mark.parametrize("action", ["create", "invoke", "delete", "stop", "redrive", "evictor"])
def test_what_changes_something_is_not_done_by_a_get(states, action):
    answer = states.http.get(f"/t/states/{action}?state_machine=x&execution=x")

    assert answer.status_code == 400
    assert "send it as POST" in answer.json()["message"]
