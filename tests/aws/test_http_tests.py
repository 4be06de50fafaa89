"""TestState of an HTTP Task: its URL is called, and TRACE shows the request and the response."""

import asyncio
import json
from base64 import b64encode
from dataclasses import replace

import pytest
from asl.settings import read_settings
from asl.usecases.services import Services

from tests.aws.conftest import ROLE, Api
from tests.remote.http_server import http_server


@pytest.fixture
def web():
    with http_server() as server:
        server.answers["/a"] = (200, {"Server": "s", "Date": "d"}, {"n": 1})
        yield server


@pytest.fixture
def api(web):
    shop = {
        "allow": f"{web.url}/",
        "basic": ["me", "s3cret"],
        "query": {"key": "s3cret"},
        "body": {"token": "s3cret"},
    }
    settings = read_settings(
        {"HTTP_ALLOW": f"{web.url}/", "HTTP_CONNECTIONS": json.dumps({"shop": shop})}
    )
    return Api(Services(settings, "app"))


def task(web, path="/a"):
    parameters = {
        "ApiEndpoint": web.url + path,
        "Method": "POST",
        "InvocationConfig": {"ConnectionArn": "shop"},
        "Headers": {"definitionHeader": "h1"},
        "RequestBody": {"message": "hello"},
        "QueryParameters": {"q": "1"},
    }
    state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": True}
    return json.dumps(state | {"Parameters": parameters})


def traced(api, web, **more):
    definition = more.pop("definition", task(web))
    tested = api("TestState", definition=definition, roleArn=ROLE, inspectionLevel="TRACE", **more)
    return tested, tested["inspectionData"]


def test_trace_shows_what_was_sent_and_what_came_back(api, web):
    tested, data = traced(api, web)

    assert tested["status"] == "SUCCEEDED"
    assert json.loads(tested["output"])["ResponseBody"] == {"n": 1}
    assert data["request"] | {"headers": ""} == {
        "protocol": "http",
        "method": "POST",
        "url": f"{web.url}/a?q=1",
        "headers": "",
        "body": '{"message":"hello"}',
    }
    assert data["request"]["headers"].startswith("[definitionHeader: h1, ")
    assert "Range: bytes=0-262144" in data["request"]["headers"]
    response = data["response"]
    assert response["headers"].startswith("[server: ")
    assert "content-type: application/json" in response["headers"]
    shown = {name: response[name] for name in ("protocol", "statusCode", "statusMessage", "body")}
    assert shown == {
        "protocol": "http",
        "statusCode": "200",
        "statusMessage": "OK",
        "body": '{"n": 1}',
    }


def test_secrets_are_sent_and_shown_only_where_they_are_asked_for(api, web):
    basic = b64encode(b"me:s3cret").decode()

    hidden, refused = traced(api, web)[1], traced(api, web, revealSecrets=True)[1]
    for data in (hidden, refused):  # the door is open to everybody
        assert "s3cret" not in json.dumps(data["request"])
    api.services.settings = replace(api.services.settings, api_keys={"id": "secret"})
    web.requests.clear()

    hidden, revealed = traced(api, web)[1], traced(api, web, revealSecrets=True)[1]

    assert [request["target"] for request in web.requests] == ["/a?q=1&key=s3cret"] * 2
    assert not [secret for secret in ("s3cret", basic) if secret in json.dumps(hidden)]
    assert revealed["request"]["url"] == f"{web.url}/a?q=1&key=s3cret"
    assert f"Authorization: Basic {basic}" in revealed["request"]["headers"]
    assert json.loads(revealed["request"]["body"]) == {"message": "hello", "token": "s3cret"}


def test_a_response_that_is_an_error_is_shown_too(api, web):
    tested, data = traced(api, web, definition=task(web, "/none"))

    assert (tested["status"], tested["error"]) == ("FAILED", "States.Http.StatusCode.404")
    assert data["response"]["statusCode"] == "404"


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_other_levels_do_not_show_the_request(api, web, level):
    tested = api("TestState", definition=task(web), roleArn=ROLE, inspectionLevel=level)

    assert tested["status"] == "SUCCEEDED"
    assert "request" not in tested.get("inspectionData", {})


def test_every_test_is_an_attempt_of_its_own(api, web):
    for _ in range(2):
        traced(api, web)

    keys = [dict(request["headers"])["idempotency-key"] for request in web.requests]
    assert len(set(keys)) == 2


def test_a_test_may_be_made_from_within_an_event_loop(api, web):
    async def handler():
        return traced(api, web)[0]["status"]

    assert asyncio.run(handler()) == "SUCCEEDED"
