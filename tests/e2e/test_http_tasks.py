"""HTTP Tasks of an installation that allows a web server, and holds the key to it."""

import json

import pytest

from tests.e2e.installation import Installation
from tests.remote.http_server import http_server

KEY = "s3cret-of-the-shop"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An installation, and the web server that its workflows may call."""
    with http_server() as web:
        web.answers["/orders"] = (201, {}, {"id": "o1"})
        shop = {"allow": f"{web.url}/", "headers": {"Authorization": f"Bearer {KEY}"}}
        config = (
            f"HTTP_ALLOW={web.url}/",
            f"HTTP_CONNECTIONS={json.dumps({'shop': shop})}",
        )
        installation = Installation(tmp_path_factory.mktemp("http"), config=config)
        try:
            yield installation.start(), web
        finally:
            installation.stop()


def definition(endpoint):
    arn = "arn:aws:events:us-east-1:000000000000:connection/shop/81210c42-8af1-456b-9c4a-6ff02fc6"
    arguments = {
        "ApiEndpoint": endpoint,
        "Method": "POST",
        "InvocationConfig": {"ConnectionArn": arn},
        "RequestBody": "{% $states.input %}",
    }
    order = {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Arguments": arguments,
        "Output": "{% [$states.result.StatusCode, $states.result.ResponseBody.id] %}",
        "End": True,
    }
    return {"QueryLanguage": "JSONata", "StartAt": "Order", "States": {"Order": order}}


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_a_workflow_calls_a_url_with_a_key_it_does_not_know(place, type_):
    installation, web = place
    web.requests.clear()
    machine = installation.do("create", definition=definition(f"{web.url}/orders"), type=type_)
    run = installation.do("invoke", state_machine=machine["id"], input={"n": 2})

    ended = installation.ended(run["execution"])
    assert (ended["status"], ended.get("output")) == ("Succeeded", [201, "o1"])
    (request,) = web.requests
    assert dict(request["headers"])["Authorization"] == f"Bearer {KEY}"
    assert json.loads(request["body"]) == {"n": 2}
    told = installation.do("steps", execution=run["execution"])
    assert KEY not in json.dumps([told, ended]) + installation.logged()


def test_a_url_that_the_operator_does_not_allow_is_not_called(place):
    installation, _ = place
    run = installation.start_run(definition("http://169.254.169.254/latest/meta-data/"))

    ended = installation.ended(run["execution"])
    assert (ended["status"], ended["error"]) == ("Failed", "States.Permissions")
    assert "HTTP_ALLOW" in ended["cause"]


def test_a_definition_that_makes_no_request_is_refused(place):
    installation, _ = place
    status, body = installation.call("create", definition=definition("ftp://example.com/"))

    assert status == 422
    assert body["diagnostics"][0]["location"] == "/States/Order/Arguments/ApiEndpoint"
