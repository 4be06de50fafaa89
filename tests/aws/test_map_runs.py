"""Map Runs through the API: the run, its children, and what may be changed while it goes on."""

import json

import pytest

from tests.aws.conftest import ARN

M, R = ARN + "stateMachine:m", ARN + "mapRun:m/rows:"
NONE = "6f3c4d9e-1c1b-4f0a-9d53-0a2b7d1e4a10"


def distributed(state, type_="STANDARD", **fields):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type_},
        "StartAt": "I",
        "States": {"I": state},
    }
    state = {"Type": "Map", "Label": "rows", "ItemProcessor": processor, "End": True, **fields}
    return json.dumps({"StartAt": "Rows", "States": {"Rows": state}})


PASS = {"Type": "Pass", "End": True}
WAIT = {"Type": "Wait", "Seconds": 900, "End": True}
FAIL = {"Type": "Fail", "Error": "E", "Cause": "C"}


def counts(**more):
    names = (
        "pending", "running", "succeeded", "failed", "timedOut", "aborted", "total",
        "resultsWritten", "failuresNotRedrivable", "pendingRedrive",
    )  # fmt: skip
    return dict.fromkeys(names, 0) | more


def map_run(api, state, items="[1, 2, 3]", **fields):
    """The ARNs of a run that has come as far as it goes by itself, and of its Map Run."""
    execution = api.run(api.create(definition=distributed(state, **fields)), input=items)
    [run] = api("ListMapRuns", executionArn=execution)["mapRuns"]
    return execution, run["mapRunArn"]


def children(api, arn, **members):
    return api("ListExecutions", mapRunArn=arn, **members)["executions"]


def test_a_map_run_is_listed_with_the_execution_it_belongs_to(api):
    execution, arn = map_run(api, PASS)
    [run] = api("ListMapRuns", executionArn=execution)["mapRuns"]
    assert run["stopDate"] >= run.pop("startDate")
    del run["stopDate"]
    assert arn.startswith(R)
    assert run == {"executionArn": execution, "mapRunArn": arn, "stateMachineArn": M + "/rows"}


def test_the_map_runs_of_an_execution_are_listed_page_by_page(api):
    states = json.loads(distributed(PASS))["States"]
    states["Rows"] |= {"Next": "Other"}
    del states["Rows"]["End"]
    other = distributed(PASS, Label="other").replace('"I"', '"J"')
    text = json.dumps(
        {"StartAt": "Rows", "States": states | {"Other": json.loads(other)["States"]["Rows"]}}
    )
    execution = api.run(api.create(definition=text), input="[1]")
    first = api("ListMapRuns", executionArn=execution, maxResults=1)
    rest = {"executionArn": execution, "maxResults": 1, "nextToken": first["nextToken"]}
    second = api("ListMapRuns", **rest)
    listed = [run["mapRunArn"] for run in first["mapRuns"] + second["mapRuns"]]
    assert len(set(listed)) == 2
    assert listed == [
        run["mapRunArn"] for run in api("ListMapRuns", executionArn=execution)["mapRuns"]
    ]


def test_a_map_run_that_has_succeeded_is_described_with_its_counts(api):
    execution, arn = map_run(api, PASS)
    described = api("DescribeMapRun", mapRunArn=arn)
    assert described.pop("startDate") <= described.pop("stopDate")
    assert described == {
        "mapRunArn": arn,
        "executionArn": execution,
        "status": "SUCCEEDED",
        "maxConcurrency": 0,
        "toleratedFailureCount": 0,
        "toleratedFailurePercentage": 0.0,
        "itemCounts": counts(succeeded=3, total=3, resultsWritten=3),
        "executionCounts": counts(succeeded=3, total=3, resultsWritten=3),
        "redriveCount": 0,
    }


def test_items_are_counted_apart_from_the_children_they_are_batched_in(api):
    _, arn = map_run(api, PASS, ItemBatcher={"MaxItemsPerBatch": 2})
    described = api("DescribeMapRun", mapRunArn=arn)
    assert described["itemCounts"]["total"] == 3
    assert described["executionCounts"]["total"] == 2
    assert sorted(child["itemCount"] for child in children(api, arn)) == [1, 2]


def test_a_map_run_that_waits_for_its_turn_shows_what_is_pending(api):
    _, arn = map_run(api, WAIT, MaxConcurrency=1)
    described = api("DescribeMapRun", mapRunArn=arn)
    assert (described["status"], described["maxConcurrency"]) == ("RUNNING", 1)
    assert described["executionCounts"] == counts(running=1, pending=2, total=3)
    assert "stopDate" not in described


def test_children_are_executions_that_name_their_map_run(api):
    _, arn = map_run(api, PASS)
    listed = children(api, arn)
    assert len(listed) == 3
    child = listed[0]
    assert child["executionArn"] == f"{ARN}execution:m/rows:{child['name']}"
    assert (child["mapRunArn"], child["itemCount"]) == (arn, 1)
    described = api("DescribeExecution", executionArn=child["executionArn"])
    assert described["stateMachineArn"] == M + "/rows"
    assert described["mapRunArn"] == arn
    assert (described["status"], described["input"]) == ("SUCCEEDED", described["output"])
    assert (
        api("ListExecutions", stateMachineArn=M)["executions"][0]
        .keys()
        .isdisjoint({"mapRunArn", "itemCount"})
    )


def test_a_child_has_a_history_of_its_own(api):
    _, arn = map_run(api, PASS)
    child = children(api, arn)[0]["executionArn"]
    events = api("GetExecutionHistory", executionArn=child)["events"]
    assert [(event["id"], event["type"]) for event in events] == [
        (1, "ExecutionStarted"),
        (2, "PassStateEntered"),
        (3, "PassStateExited"),
        (4, "ExecutionSucceeded"),
    ]
    assert events[1]["stateEnteredEventDetails"]["name"] == "I"


def test_the_machine_of_a_child_says_which_map_it_belongs_to(api):
    _, arn = map_run(api, PASS)
    child = children(api, arn)[0]["executionArn"]
    machine = api("DescribeStateMachineForExecution", executionArn=child)
    assert (machine["mapRunArn"], machine["label"]) == (arn, "rows")
    assert machine["stateMachineArn"] == M + "/rows"
    labelled = api("DescribeStateMachine", stateMachineArn=M + "/rows")
    assert (labelled["stateMachineArn"], labelled["label"]) == (M + "/rows", "rows")


def test_a_label_that_no_map_has_names_nothing(api):
    _, arn = map_run(api, PASS)
    name = children(api, arn)[0]["name"]
    other = M + "/columns"
    assert api.refused("DescribeStateMachine", stateMachineArn=other) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{other}'",
    )
    for qualified in ("m", "m/columns"):
        child = f"{ARN}execution:{qualified}:{name}"
        code, _ = api.refused("DescribeExecution", executionArn=child)
        assert code == "ExecutionDoesNotExist"


def test_nothing_is_started_through_a_label(api):
    api.create(definition=distributed(PASS))
    code, _ = api.refused("StartExecution", stateMachineArn=M + "/rows")
    assert code == "ValidationException"


def test_children_are_listed_by_status(api):
    _, arn = map_run(api, FAIL, ToleratedFailurePercentage=100)
    assert len(children(api, arn, statusFilter="FAILED")) == 3
    assert children(api, arn, statusFilter="SUCCEEDED") == []
    described = api("DescribeMapRun", mapRunArn=arn)
    assert described["executionCounts"]["failed"] == described["itemCounts"]["failed"] == 3


def test_children_are_listed_by_whether_they_were_redriven(api):
    _, arn = map_run(api, PASS)
    assert children(api, arn, redriveFilter="REDRIVEN") == []
    assert len(children(api, arn, redriveFilter="NOT_REDRIVEN")) == 3
    code, _ = api.refused("ListExecutions", stateMachineArn=M, redriveFilter="REDRIVEN")
    assert code == "ValidationException"


def test_express_children_are_counted_and_not_listed(api):
    _, arn = map_run(api, PASS, type_="EXPRESS")
    assert api("DescribeMapRun", mapRunArn=arn)["executionCounts"]["succeeded"] == 3
    code, _ = api.refused("ListExecutions", mapRunArn=arn)
    assert code == "StateMachineTypeNotSupported"


def test_a_map_run_gets_other_limits_while_it_goes_on(api):
    _, arn = map_run(api, WAIT, MaxConcurrency=1)
    limits = {"maxConcurrency": 2, "toleratedFailureCount": 1, "toleratedFailurePercentage": 50.0}
    assert api("UpdateMapRun", mapRunArn=arn, **limits) == {}
    api.move_on()
    described = api("DescribeMapRun", mapRunArn=arn)
    assert limits.items() <= described.items()
    assert described["executionCounts"] == counts(running=2, pending=1, total=3)


def test_a_map_run_that_has_ended_keeps_its_limits(api):
    _, arn = map_run(api, PASS)
    code, _ = api.refused("UpdateMapRun", mapRunArn=arn, maxConcurrency=2)
    assert code == "ValidationException"


@pytest.mark.parametrize("limit", ["maxConcurrency", "toleratedFailureCount"])
def test_a_limit_that_no_definition_may_have_is_refused(api, limit):
    _, arn = map_run(api, WAIT)
    assert api("UpdateMapRun", mapRunArn=arn, **{limit: 99_999_999}) == {}
    code, message = api.refused("UpdateMapRun", mapRunArn=arn, **{limit: 100_000_000})
    assert code == "ValidationException"
    assert "from 0 to 99999999" in message


def test_an_update_that_changes_nothing_is_refused(api):
    _, arn = map_run(api, WAIT)
    code, _ = api.refused("UpdateMapRun", mapRunArn=arn)
    assert code == "ValidationException"


@pytest.mark.parametrize("operation", ["DescribeMapRun", "UpdateMapRun", "ListExecutions"])
def test_a_map_run_that_is_not_there_is_refused(api, operation):
    more = {"maxConcurrency": 1} if operation == "UpdateMapRun" else {}
    not_found = ("ResourceNotFound", f"Resource not found: '{R}{NONE}'")
    assert api.refused(operation, mapRunArn=R + NONE, **more) == not_found
    assert api.refused(operation, mapRunArn="none", **more) == (
        "InvalidArn",
        "Invalid Arn: 'Invalid ARN prefix: none'",
    )


def test_a_map_run_that_is_evicted_while_it_is_described_does_not_exist(api, monkeypatch):
    _, arn = map_run(api, PASS)
    map_runs = api.services.store.map_runs
    found = iter([map_runs.find(arn.rpartition(":")[2]), None])
    monkeypatch.setattr(map_runs, "find", lambda _id: next(found))
    assert api.refused("DescribeMapRun", mapRunArn=arn)[0] == "ResourceNotFound"


def test_executions_are_listed_of_one_thing_at_a_time(api):
    for members in ({}, {"stateMachineArn": M, "mapRunArn": R + NONE}):
        code, _ = api.refused("ListExecutions", **members)
        assert code == "ValidationException"


def test_only_an_execution_that_is_there_has_map_runs(api):
    missing = ARN + "execution:m:none"
    assert api.refused("ListMapRuns", executionArn=missing) == (
        "ExecutionDoesNotExist",
        f"Execution Does Not Exist: '{missing}'",
    )
