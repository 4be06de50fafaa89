"""Tasks that are answered from outside, and what Tasks ask of the API itself."""

import json

import pytest
from asl.usecases.service_calls import perform

from tests.aws.conftest import ARN

ACTIVITY = ARN + "activity:dig"
PREFIX = "An error occurred while executing the state 'S' (entered at the event id #2). "
NO_TOKEN = ("InvalidToken", "Invalid Token: 'Invalid token'")
SPENT = ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")


def one(**state):
    return json.dumps({"StartAt": "S", "States": {"S": {"Type": "Task", **state, "End": True}}})


def sdk(action, **parameters):
    return one(Resource=f"arn:aws:states:::aws-sdk:sfn:{action}", Parameters=parameters)


def dig(**more):
    return one(Resource=ACTIVITY, **more)


def types(api, run):
    events = api("GetExecutionHistory", executionArn=run)["events"]
    return [event["type"] for event in events]


@pytest.fixture
def activity(api):
    """The calls of a worker do not wait: time is up before it begins."""
    api.services.sleep = lambda seconds: pytest.fail("it waits")
    return api("CreateActivity", name="dig")["activityArn"]


@pytest.fixture
def taken(api, activity):
    """A run whose Task a worker has taken: its ARN and the token."""
    run = api.run(api.create(definition=dig(HeartbeatSeconds=10)), input='{"where": "é"}')
    task = api("GetActivityTask", activityArn=activity, workerName="anna")
    assert json.loads(task["input"]) == {"where": "é"}
    return run, task["taskToken"]


def test_a_worker_brings_a_result_once(api, taken):
    run, token = taken

    assert api("SendTaskSuccess", taskToken=token, output='"gold"') == {}
    again = api.refused("SendTaskSuccess", taskToken=token, output="1")
    described = api("DescribeExecution", executionArn=run)

    assert again == SPENT
    assert (described["status"], described["output"]) == ("SUCCEEDED", '"gold"')
    assert types(api, run)[2:6] == [
        "ActivityScheduled", "ActivityStarted", "ActivitySucceeded", "TaskStateExited",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "given", [{}, {"error": "E"}, {"cause": "C"}, {"error": "E", "cause": "C"}]
)
def test_a_worker_may_fail_the_task_with_what_it_gives(api, taken, given):
    run, token = taken
    api("SendTaskFailure", taskToken=token, **given)
    described = api("DescribeExecution", executionArn=run)

    assert described["status"] == "FAILED"
    assert {name: described[name] for name in ("error", "cause") if name in described} == given


def test_a_sign_of_life_moves_the_end_of_patience(api, taken):
    token, services = taken[1], api.services
    before, start = services.store.due.next(), services.now()
    services.now = lambda: start + 5_000
    api("SendTaskHeartbeat", taskToken=token)

    assert services.store.due.next() == start + 15_000 > before


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("SendTaskSuccess", {"output": "1"}),
        ("SendTaskSuccess", {"output": "no JSON"}),  # the token is looked at first (recorded)
        ("SendTaskFailure", {}),
        ("SendTaskHeartbeat", {}),
    ],
)
@pytest.mark.parametrize("token", ["x", "a.b.c", "é.1.2", "01M812E0DXBVFQBD4C04J72BB1.1.abc"])
def test_a_token_that_is_none_of_ours_is_refused(api, operation, more, token):
    assert api.refused(operation, taskToken=token, **more) == NO_TOKEN


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (
            "gold",
            "Unrecognized token 'gold': was expecting (JSON String, Number, Array, Object or "
            "token 'null', 'true' or 'false')",
        ),
        ("", "Unexpected end-of-input"),
    ],
)
def test_an_output_that_is_no_json_is_refused_and_the_task_goes_on(api, taken, output, why):
    run, token = taken

    refused = api.refused("SendTaskSuccess", taskToken=token, output=output)

    assert refused == ("InvalidOutput", f"Invalid Output: '{why}'")
    assert api("DescribeExecution", executionArn=run)["status"] == "RUNNING"


def test_without_work_the_worker_gets_a_null_token_when_its_time_is_up(api, activity):
    start, slept = api.services.now(), []
    api.services.now = lambda: start + round(sum(slept) * 1000)
    api.services.sleep = slept.append

    assert api("GetActivityTask", activityArn=activity) == {"taskToken": None}
    assert 26 < sum(slept) < 28  # of the call's thirty seconds


@pytest.mark.parametrize("operation", ["GetActivityTask", "DescribeActivity"])
def test_an_activity_that_is_not_there_is_refused(api, operation):
    refused = api.refused(operation, activityArn=ACTIVITY)
    assert refused == ("ActivityDoesNotExist", f"Activity Does Not Exist: '{ACTIVITY}'")


@pytest.mark.parametrize("when", ["at once", "on a later attempt"])
def test_a_task_of_a_deleted_activity_fails_where_it_is_entered(api, activity, when):
    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1}]
    machine = api.create(definition=dig(Retry=retry, Catch=[]))
    if when == "at once":
        api("DeleteActivity", activityArn=activity)
    run = api.run(machine)
    if when != "at once":
        token = api("GetActivityTask", activityArn=activity)["taskToken"]
        api("SendTaskFailure", taskToken=token, error="Again")
        api("DeleteActivity", activityArn=activity)
        late = api.services.now() + 2_000
        api.services.now = lambda: late
        for operation in api.services.store.due.operations(late, 5):
            api.services.dispatcher.invite("step-runner", json.dumps({"operation": operation}))
        api.move_on()
    described = api("DescribeExecution", executionArn=run)

    assert described["error"] == "States.Runtime"
    assert described["cause"] == f"{PREFIX}The activity {ACTIVITY} does not exist."
    if when == "at once":
        assert types(api, run) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]


CHILD = ARN + "stateMachine:child"
CALLS = [
    ("sendTaskSuccess", {"TaskToken": "x", "Output": "no JSON"}, "Sfn.InvalidTokenException", None),
    ("sendTaskSuccess", {"TaskToken": "x", "Output": 1}, "Sfn.InvalidTokenException", None),
    ("sendTaskFailure", {"TaskToken": "x"}, "Sfn.InvalidTokenException", None),
    ("sendTaskHeartbeat", {"TaskToken": "x"}, "Sfn.InvalidTokenException", None),
    ("sendTaskSuccess", {"Output": 1}, "States.Runtime",
     "[The field 'TaskToken' is required but was missing]"),
    ("sendTaskSuccess", {"TaskToken": "x"}, "States.Runtime",
     "[The field 'Output' is required but was missing]"),
    ("sendTaskFailure", {"TaskToken": "x", "Error": 1}, "States.Runtime",
     "[The value of the field 'Error' has an invalid format]"),
    ("sendTaskHeartbeat", {"TaskToken": ["x"]}, "States.Runtime",
     "[The value of the field 'TaskToken' has an invalid format]"),
    ("startExecution", {}, "States.Runtime",
     "[The field 'StateMachineArn' is required but was missing]"),
    ("startExecution", {"StateMachineArn": CHILD, "Name": 1}, "States.Runtime",
     "[The value of the field 'Name' has an invalid format]"),
    ("startExecution", {"StateMachineArn": CHILD}, "Sfn.StateMachineDoesNotExistException",
     f"State Machine Does Not Exist: '{CHILD}' (Service: Sfn, Status Code: 400, Request ID: "),
    ("startExecution", {"StateMachineArn": CHILD, "Input": "{"},
     "Sfn.InvalidExecutionInputException", "Invalid State Machine Execution Input: 'Unexpected"),
    ("fly", {}, "States.Runtime", "There is no service 'aws-sdk:sfn:fly' here."),
]  # fmt: skip


@pytest.mark.parametrize(("action", "parameters", "error", "cause"), CALLS)
def test_a_call_of_the_api_that_cannot_be_met_fails_its_task(api, action, parameters, error, cause):
    run = api.run(api.create(definition=sdk(action, **parameters)))
    described = api("DescribeExecution", executionArn=run)

    assert described["error"] == error
    assert (cause or NO_TOKEN[1]) in described["cause"]
    if error == "States.Runtime":
        assert described["cause"].startswith(PREFIX)


def test_parameters_that_are_no_object_name_what_is_missing(api):
    definition = one(Resource="arn:aws:states:::aws-sdk:sfn:sendTaskHeartbeat")
    run = api.run(api.create(definition=definition), input="[1]")
    assert (
        "The Parameters '[1]' could not be used"
        in api("DescribeExecution", executionArn=run)["cause"]
    )


def test_the_optimized_service_words_its_refusals_its_own_way(api):
    resource = "arn:aws:states:::states:startExecution"
    run = api.run(
        api.create(definition=one(Resource=resource, Parameters={"StateMachineArn": CHILD}))
    )
    described = api("DescribeExecution", executionArn=run)

    assert described["error"] == "StepFunctions.StateMachineDoesNotExistException"
    assert described["cause"].startswith(
        f"State Machine Does Not Exist: '{CHILD}' (Service: AWSStepFunctions; Status Code: 400; "
    )


@pytest.mark.parametrize(
    ("given", "input_"),
    [({"a": 1}, '{"a":1}'), ('{"a": [1]}', '{"a":[1]}'), ("[2]", "[2]"), (None, "{}")],
)
def test_the_sdk_starts_a_run_with_a_text_or_with_what_becomes_one(api, given, input_):
    child = api.create("child")
    parameters = {"StateMachineArn": child, "Name": "e", "Input": given}
    run = api.run(api.create(definition=sdk("startExecution", **parameters)))
    answer = json.loads(api("DescribeExecution", executionArn=run)["output"])
    started = api("DescribeExecution", executionArn=answer["ExecutionArn"])

    assert set(answer) == {"ExecutionArn", "StartDate"}
    assert answer["StartDate"].endswith("Z")
    assert (started["name"], started["input"]) == ("e", input_)


def test_a_run_answers_the_task_of_another(api, taken):
    run, token = taken
    definition = sdk("sendTaskSuccess", TaskToken=token, Output={"found": "gold"})
    answering = api.run(api.create("answers", definition))

    assert api("DescribeExecution", executionArn=answering)["output"] == "{}"
    assert api("DescribeExecution", executionArn=run)["output"] == '{"found":"gold"}'


FETCH = sdk("getActivityTask", ActivityArn=ACTIVITY, WorkerName="anna")


def look_again(api, until):
    """Let time pass until then; whatever comes due meanwhile is moved on."""
    services = api.services
    while (pending := services.store.due.next()) is not None and pending <= until:
        services.now = lambda moment=pending: moment
        for operation in services.store.due.operations(pending, 5):
            services.dispatcher.invite("step-runner", json.dumps({"operation": operation}))
        api.move_on()
    services.now = lambda: until


def test_a_run_takes_the_work_of_an_activity_that_is_offered_later(api, activity):
    worker = api.run(api.create("worker", FETCH))
    start = api.services.now()
    look_again(api, start + 20_000)
    waiting = api("DescribeExecution", executionArn=worker)["status"]
    api.run(api.create(definition=dig()), input='{"where": "é"}')
    look_again(api, start + 22_000)
    output = json.loads(api("DescribeExecution", executionArn=worker)["output"])

    assert waiting == "RUNNING"
    assert output["Input"] == '{"where":"é"}'
    assert api("SendTaskSuccess", taskToken=output["TaskToken"], output="1") == {}


def test_a_run_that_gets_no_work_goes_on_with_nothing_after_a_minute(api, activity):
    worker = api.run(api.create("worker", FETCH))
    start = api.services.now()
    look_again(api, start + 58_000)
    waiting = api("DescribeExecution", executionArn=worker)["status"]
    look_again(api, start + 62_000)
    described = api("DescribeExecution", executionArn=worker)

    assert (waiting, described["status"], described["output"]) == ("RUNNING", "SUCCEEDED", "{}")


def test_a_run_asks_in_vain_for_the_work_of_an_activity_that_is_not_there(api):
    described = api("DescribeExecution", executionArn=api.run(api.create(definition=FETCH)))

    assert described["error"] == "Sfn.ActivityDoesNotExistException"
    assert described["cause"].startswith(f"Activity Does Not Exist: '{ACTIVITY}' (Service: Sfn, ")


def test_a_result_by_token_that_ends_a_run_wakes_the_run_that_waits_for_it(api, activity):
    child = api.create("child", dig())
    resource = "arn:aws:states:::states:startExecution.sync:2"
    definition = one(Resource=resource, Parameters={"StateMachineArn": child, "Input.$": "$"})
    run = api.run(api.create(definition=definition))
    token = api("GetActivityTask", activityArn=activity)["taskToken"]
    api("SendTaskSuccess", taskToken=token, output='"gold"')
    api.move_on()
    described = api("DescribeExecution", executionArn=run)

    assert described["status"] == "SUCCEEDED"
    assert json.loads(described["output"])["Output"] == "gold"


def test_no_token_whatever_it_holds_lets_anything_but_a_refusal_out(api, activity):
    api.run(api.create(definition=dig()))
    store = api.services.store
    row = store.callbacks._claims.locked(store.callbacks.offered("dig", 1)[0]).operation
    for token in ("", "\0", "\ud800.1.x", "x" * 5000, "01M812E0DXBVFQBD4C04J72BB1.9e9.x"):
        request = {
            "service": "aws-sdk:sfn", "action": "sendTaskHeartbeat", "pattern": "",
            "arguments": {"TaskToken": token},
        }  # fmt: skip
        performed = perform(api.services, row._replace(request=json.dumps(request)))
        assert performed.answer.error == "Sfn.InvalidTokenException"
