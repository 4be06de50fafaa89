"""ANY /t/{app}/{source}: matching, and what passes in and out (recorded on fnserver 0.3.753)."""

import http.client
from urllib.parse import urlsplit

import pytest

MATCHES = [
    ("/t/probes", 200),
    ("/t/probes/", 200),
    ("/t/probes/?a=1", 200),
    ("/t/probes/a/b", 200),
    ("/t/probes/a%2Fb", 200),
    ("/t/probes/%61/b?c", 200),
    ("/t/probes/x/", 200),
    ("/t/probes/a/b/", "Trigger not found"),
    ("/t/probes//a/b", "Trigger not found"),
    ("/t/probes/a/b/c", "Trigger not found"),
    ("/t/probes/./a", "Trigger not found"),
    ("/t/probes/A/b", "Trigger not found"),
    ("/t/probes/x", "Trigger not found"),
    ("/t/nobody/a", "App not found"),
]


def raw_get(gateway, path, method="GET", body=None, headers=None):
    """Sends the path as it is; other clients tidy it up."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=10)
    connection.request(method, path, body=body, headers=headers or {})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


@pytest.mark.parametrize(("path", "outcome"), MATCHES)
def test_a_source_matches_exactly_after_percent_decoding(gateway, path, outcome):
    response, body = raw_get(gateway, path)
    if outcome == 200:
        assert response.status == 200
    else:
        assert (response.status, body) == (404, b'{"message":"%s"}\n' % outcome.encode())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_reaches_the_function(gateway, method):
    seen = gateway.http.request(method, "/t/probes/a/b?q=1&q=2").json()
    assert seen["method"] == method
    assert seen["url"] == f"{gateway.url}/t/probes/a/b?q=1&q=2"


def test_head_is_answered_without_a_body(gateway):
    answer = gateway.http.head("/t/probes")
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_unknown_method_is_refused(gateway):
    assert gateway.http.request("PURGE", "/t/probes").status_code == 405


def test_the_headers_of_the_request_arrive_as_http_headers(gateway):
    answer = gateway.http.get(
        "/t/probes", headers={"X-Amz-Target": "A.B", "Content-Type": "text/x", "Fn-Intent": "no"}
    )
    seen = answer.json()
    assert seen["http_headers"]["x-amz-target"] == "A.B"
    assert seen["headers"]["content-type"] == "text/x"
    assert seen["http_headers"]["fn-intent"] == "no"
    assert isinstance(seen["headers"]["user-agent"], list)
    assert "connection" not in seen["http_headers"]
    assert "host" not in seen["http_headers"]


@pytest.mark.parametrize("status", [200, 201, 302, 400, 404, 418, 429, 500, 503])
def test_the_status_of_the_function_is_the_status_of_the_answer(gateway, status):
    answer = gateway.http.post("/t/probes", json={"op": "info", "status": status})
    assert answer.status_code == status
    assert answer.json()["method"] == "POST"


def test_204_has_no_body(gateway):
    answer = gateway.http.post("/t/probes", json={"op": "info", "status": 204})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(("status", "message"), [(502, "function failed"), (504, "Timed out")])
def test_502_and_504_lose_their_body(gateway, status, message):
    answer = gateway.http.post("/t/probes", json={"op": "info", "status": status})
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_only_the_http_headers_of_the_function_come_back(gateway):
    answer = gateway.http.post("/t/probes", json={"op": "info", "headers": {"X-Own": "1"}})
    assert answer.headers["X-Own"] == "1"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Fn-Call-Id"]
    fn_only = [name for name in answer.headers if name.lower().startswith("fn-")]
    assert fn_only == ["fn-call-id"]


def test_a_trigger_is_never_detached(gateway):
    answer = gateway.http.post("/t/probes", headers={"Fn-Invoke-Type": "detached"})
    assert answer.status_code == 200
    assert answer.json()["http_headers"]["fn-invoke-type"] == "detached"
