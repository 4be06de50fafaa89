"""An installation with API_KEYS: strangers are refused at every door, Fn's own calls go on."""

import json

import pytest

from tests.e2e.installation import ROOT, Installation

boto3 = pytest.importorskip("boto3")
ClientError = pytest.importorskip("botocore.exceptions").ClientError

SECRET = "a-secret-of-forty-characters-0123456789"
ACTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/func.yaml"))
BEARER = {"Authorization": f"Bearer {SECRET}"}
TWO_STEPS = json.dumps(
    {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Echo"},
            "Echo": {"Type": "Task", "Resource": "fn:tasks/echo", "End": True},
        },
    }
)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    keys = f"API_KEYS=OPERATOR:{SECRET} OTHER:another-secret-of-somebody"
    installation = Installation(tmp_path_factory.mktemp("guarded"), config=[keys]).start()
    yield installation
    installation.stop()


def client(guarded, secret=SECRET, key_id="OPERATOR"):
    return boto3.client(
        "stepfunctions",
        endpoint_url=f"{guarded.url}/t/states",
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer somebody-elses-secret"}])
def test_every_action_refuses_a_stranger_and_says_what_to_do(guarded, headers):
    for action in ACTIONS:
        for method in ("GET", "POST"):
            answer = guarded.http.request(method, f"/t/states/{action}", headers=headers)

            assert (action, answer.status_code) == (action, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"] == "Unauthorized"
            assert "Authorization: Bearer <secret>" in answer.json()["message"]


@pytest.mark.parametrize(
    "forged",
    [
        {"Fn-Intent": "cloudevent"},
        {"Fn-Http-Method": ""},
        {"Fn-Http-H-Authorization": f"Bearer {SECRET}x"},
        {"Connection": "Fn-Intent, Fn-Http-Method"},
    ],
)
def test_headers_do_not_make_a_trigger_look_like_fns_own_api(guarded, forged):
    """Some make the FDK lose the status of its answer; the answer is the refusal all the same."""
    assert guarded.http.get("/t/states/list", headers=forged).json()["error"] == "Unauthorized"
    answer = guarded.http.post(
        "/t/states", headers={**forged, "X-Amz-Target": "AWSStepFunctions.ListActivities"}
    )
    assert answer.json()["__type"] == "MissingAuthenticationTokenException"


def test_a_key_opens_the_actions_and_workflows_run_to_their_end(guarded):
    machine = {"name": "keyed", "definition": TWO_STEPS}
    created = guarded.http.post("/t/states/create", headers=BEARER, json=machine)
    assert created.status_code == 200, created.text

    started = guarded.http.post(
        "/t/states/invoke",
        headers=BEARER,
        json={"state_machine": "keyed", "input": {"n": 1}, "wait": 20},
    ).json()

    assert (started["status"], started["output"]["got"]) == ("Succeeded", {"n": 1})


def test_fn_invoke_needs_no_key(guarded):
    answer = guarded.http.post(f"/invoke/{guarded.function_id('list')}", content="{}")

    assert "items" in answer.json()


def test_boto3_with_the_key_may_do_everything(guarded):
    states = client(guarded)
    created = states.create_state_machine(
        name="signed", definition=TWO_STEPS, roleArn="arn:aws:iam::000000000000:role/any"
    )
    run = states.start_execution(stateMachineArn=created["stateMachineArn"], input='{"é": "ü"}')

    assert states.describe_execution(executionArn=run["executionArn"])["input"] == '{"é": "ü"}'


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [
        ("OPERATOR", "not-the-secret-of-the-operator", "InvalidSignatureException"),
        ("OTHER", SECRET, "InvalidSignatureException"),
        ("STRANGER", SECRET, "UnrecognizedClientException"),
    ],
)
def test_boto3_without_the_key_is_refused_in_aws_own_words(guarded, key_id, secret, code):
    with pytest.raises(ClientError) as refused:
        client(guarded, secret, key_id).list_state_machines()

    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_door_without_keys_says_so(fragile):
    """fragile: an installation without keys whose log can be read."""
    fragile.http.post("/t/states", headers={"X-Amz-Target": "AWSStepFunctions.ListActivities"})

    assert "API_KEYS is not set" in fragile.logged()


def test_the_console_asks_a_browser_for_the_key(guarded):
    answer = guarded.http.get("/t/states")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert "State machines" not in answer.text


def test_the_console_shows_itself_to_who_has_the_key(guarded):
    answer = guarded.http.get("/t/states", auth=("OPERATOR", SECRET))

    assert answer.status_code == 200
    assert "State machines" in answer.text
    assert guarded.http.get("/t/states", auth=("OTHER", SECRET)).status_code == 401


def test_a_browsers_key_is_no_key_for_actions(guarded):
    """A browser sends it by itself, also when another site makes it call."""
    assert guarded.http.get("/t/states/list", auth=("OPERATOR", SECRET)).status_code == 401
