"""HTTP Tasks against a real web server: what is sent, what is read, and what is refused."""

import gzip
import json
import socket
import threading
import time
from base64 import b64encode

import pytest
from asl.language.errors import DATA_LIMIT_EXCEEDED, RUNTIME
from asl.language.events import Raised, Returned
from asl.language.http.connection import read_connections
from asl.language.http.request import read_request
from asl.language.limits import DATA_LIMIT
from asl.remote.attempts import Attempt
from asl.remote.http_calls import HttpCalls

from tests.remote.http_server import drips_body, drips_headers, hangs_up, http_server

ATTEMPT = Attempt("run", "run.1", "S", 2, "00-trace-span-01")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def served():
    with http_server() as server:
        yield server


@pytest.fixture
def web(served):
    served.requests.clear()
    served.answers.clear()
    served.answers["/a"] = (200, {}, {"ok": True})
    return served


@pytest.fixture
def call(web):
    """Calls the server with arguments of a Task."""

    def make(path="/a", *, endpoint=None, allow=None, connection=None, seconds=5, **arguments):
        named = {} if connection is None else {"one": {"allow": f"{web.url}/"} | connection}
        connections = read_connections(json.dumps(named)) if named else {}
        allowed = [f"{web.url}/"] if allow is None else allow
        calls = HttpCalls(allowed, connections, "eu-north-1")
        arguments = {"ApiEndpoint": endpoint or web.url + path, "Method": "GET", **arguments}
        if named:
            arguments.setdefault("InvocationConfig", {"ConnectionArn": "one"})
        return calls.call(read_request(arguments), ATTEMPT, seconds)

    return make


def asked(web):
    """The one request that was made, its headers by name in lower case."""
    (request,) = web.requests
    return request | {"headers": {name.lower(): value for name, value in request["headers"]}}


def test_an_answer_is_shown_with_its_headers_body_and_status(web, call):
    web.answers["/a"] = (201, {"X-Two": ["1", "2"]}, {"n": 1})

    result = call().output.value

    headers = result.pop("Headers")
    assert result == {"ResponseBody": {"n": 1}, "StatusCode": 201, "StatusText": "Created"}
    assert headers["x-two"] == ["1", "2"]
    assert headers["content-type"] == ["application/json"]


@pytest.mark.parametrize(
    ("kind", "body", "read"),
    [
        ("application/json; charset=utf-8", b"[1]", [1]),
        ("application/problem+json", b"[1]", [1]),
        ("application/json", b"[1", "[1"),
        ("application/json", b"", ""),
        ("text/plain", b"[1]", "[1]"),
        ("text/plain; charset=iso-8859-1", "é".encode("latin-1"), "é"),
        ("application/xml", b"<a/>", "<a/>"),
    ],
)
def test_a_body_is_read_where_it_is_json_and_a_text_otherwise(web, call, kind, body, read):
    web.answers["/a"] = (200, {"Content-Type": kind}, body)

    assert call().output.value["ResponseBody"] == read


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/octet-stream", b"text"),
        ("image/png", b"text"),
        ("video/mp4", b"text"),
        ("audio/ogg", b"text"),
        ("text/plain", b"\xff\xfe\xff"),
        ("text/plain; charset=none-such", b"text"),
        ("text/plain; charset=Punycode", b"text-"),
        ("text/plain; charset=unicode_escape", b"text"),
    ],
)
def test_what_is_no_text_fails_the_state_for_good(web, call, kind, body):
    web.answers["/a"] = (200, {"Content-Type": kind}, body)

    assert call() == Raised(RUNTIME, "The response cannot be read as text.")


@pytest.mark.parametrize(
    ("status", "kind", "body", "cause"),
    [
        (404, "application/json", b'{"message": "none"}', '{"message": "none"}'),
        (429, "text/plain", b"slow down", "slow down"),
        (503, "text/plain", b"", "Service Unavailable"),
        (500, "image/png", b"\xff", "Internal Server Error"),
        (400, "text/plain", b"x" * 40_000, "x" * 32_768),
    ],
)
def test_any_other_status_is_an_error_with_the_body_as_cause(web, call, status, kind, body, cause):
    web.answers["/a"] = (status, {"Content-Type": kind}, body)

    assert call() == Raised(f"States.Http.StatusCode.{status}", cause)


def test_a_redirect_is_not_followed(web, call):
    web.answers["/a"] = (302, {"Location": f"{web.url}/b"}, b"")

    assert call() == Raised("States.Http.StatusCode.302", "Found")
    assert len(web.requests) == 1


def test_the_request_says_who_asks_how_much_is_read_and_which_attempt_it_is(web, call):
    call()

    headers = asked(web)["headers"]
    assert headers["user-agent"] == "FnStates|HttpInvoke|eu-north-1"
    assert headers["range"] == "bytes=0-262144"
    assert headers["idempotency-key"] == "run.1.2"
    assert headers["traceparent"] == "00-trace-span-01"
    assert not [name for name in headers if name.startswith("fn-")]


def test_headers_of_the_definition_are_sent_also_in_place_of_our_own(web, call):
    call(Headers={"X-Two": ["1", "2"], "Idempotency-Key": "mine", "X-Off": None, "X-N": 1.5})

    sent = [pair for pair in web.requests[0]["headers"] if pair[0].startswith("X-")]
    assert sent == [("X-Two", "1"), ("X-Two", "2"), ("X-N", "1.5")]
    assert asked(web)["headers"]["idempotency-key"] == "mine"


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/a", {"q": "a b&c", "n": 1, "yes": True, "off": None}, "/a?q=a%20b%26c&n=1&yes=true"),
        ("/a", {"tag": ["x", "y"]}, "/a?tag=x&tag=y"),
        ("/a", {"page": {"size": 2}}, "/a?page%5Bsize%5D=2"),
        ("/a?b=1", {"c": 2}, "/a?b=1&c=2"),
        ("/a", "q=a%20b&empty=", "/a?q=a%20b&empty="),
        ("/a?b=%2F", None, "/a?b=%2F"),
    ],
)
def test_query_parameters_are_added_to_the_url(web, call, path, query, target):
    call(path, QueryParameters=query)

    assert asked(web)["target"] == target


def test_a_body_is_json_unless_it_is_a_text(web, call):
    call(Method="POST", RequestBody={"é": [1, None, "\ud800"]})
    assert asked(web)["body"] == r'{"é":[1,null,"\ud800"]}'
    assert asked(web)["headers"]["content-type"] == "application/json; charset=UTF-8"

    web.requests.clear()
    call(Method="PUT", RequestBody="<a/>", Headers={"content-type": "application/xml"})
    assert asked(web)["body"] == "<a/>"
    assert asked(web)["headers"]["content-type"] == "application/xml"
    assert asked(web)["method"] == "PUT"


@pytest.mark.parametrize(
    ("array_format", "written"),
    [
        ("INDICES", "a%5B0%5D=x%20y&a%5B1%5D=z"),
        ("REPEAT", "a=x%20y&a=z"),
        ("COMMAS", "a=x%20y,z"),
        ("BRACKETS", "a%5B%5D=x%20y&a%5B%5D=z"),
    ],
)
def test_a_body_is_sent_as_a_form_with_arrays_as_wanted(web, call, array_format, written):
    encoding = {"RequestBodyEncoding": "URL_ENCODED"}
    options = {"RequestEncodingOptions": {"ArrayFormat": array_format}}
    body = {"a": ["x y", "z"], "metadata": {"order details": "monthly report"}}

    call(Method="POST", RequestBody=body, Transform=encoding | options)

    nested = "metadata%5Border%20details%5D=monthly%20report"
    assert asked(web)["body"] == f"{written}&{nested}"
    assert asked(web)["headers"]["content-type"] == "application/x-www-form-urlencoded"


def test_what_a_connection_adds_takes_the_place_of_what_the_definition_says(web, call):
    call(
        Method="POST",
        Headers={"x-param": "definition", "X-Own": "1"},
        QueryParameters={"p": "definition", "own": "1"},
        RequestBody={"Job": "Engineer", "Param": "definition"},
        connection={
            "headers": {"X-Param": "connection", "Authorization": "Bearer s3cret"},
            "query": {"p": "connection"},
            "body": {"Param": "connection"},
        },
    )

    request = asked(web)
    assert request["target"] == "/a?own=1&p=connection"
    assert json.loads(request["body"]) == {"Job": "Engineer", "Param": "connection"}
    assert request["headers"]["authorization"] == "Bearer s3cret"
    assert request["headers"]["x-own"] == "1"
    assert [v for n, v in web.requests[0]["headers"] if n.lower() == "x-param"] == ["connection"]


def test_a_connection_may_hold_a_user_and_a_password(web, call):
    call(connection={"basic": ["me", "pass:word"]})

    expected = b64encode(b"me:pass:word").decode()
    assert asked(web)["headers"]["authorization"] == f"Basic {expected}"


def test_a_text_cannot_be_merged_with_what_a_connection_adds(web, call):
    answer = call(Method="POST", RequestBody="text", connection={"body": {"a": 1}})

    assert answer.error == RUNTIME
    assert web.requests == []


@pytest.mark.parametrize(
    ("allow", "path"),
    [
        ([], "/a"),
        (["https://127.0.0.1/"], "/a"),
        (["{url}/v1/"], "/a"),
        (["{url}/v1/"], "/v1"),
        (["{url}/v1/"], "/v1/../a"),
        (["{url}/v1/"], "/v1/%2e%2e/a"),
        (["{url}/v1/"], "/v1/..;/a"),
        (["{url}/v1/"], "/v1/%2e%2e;x=1/a"),
        (["{url}/v1/"], "/v1x/a"),
        (["http://127.0.0.1/"], "/a"),
    ],
)
def test_what_the_operator_does_not_allow_is_not_called(web, call, allow, path):
    answer = call(path, allow=[prefix.format(url=web.url) for prefix in allow])

    assert answer.error == "States.Permissions"
    assert "HTTP_ALLOW" in answer.cause
    assert web.requests == []


def test_a_host_alone_is_below_the_prefix_of_that_host(web, call):
    web.answers["/"] = (200, {}, 1)

    assert call("").output.value["ResponseBody"] == 1


def test_a_connection_that_is_not_there_is_said_so(web, call):
    answer = call(InvocationConfig={"ConnectionArn": "none"})

    assert answer.error == "Events.ConnectionResource.ResourceNotFound"
    assert "'none'" in answer.cause
    assert web.requests == []


def test_the_secrets_of_a_connection_go_only_where_it_is_allowed(web, call):
    answer = call(connection={"allow": "https://api.example.com/ http://127.0.0.1:1/"})

    assert answer.error == "Events.ConnectionResource.AccessDenied"
    assert web.requests == []


@pytest.mark.parametrize("drip", [drips_headers, drips_body])
def test_the_time_bounds_the_whole_call_however_busy_it_is(web, call, drip):
    web.answers["/a"] = drip
    began = time.monotonic()

    answer = call(seconds=0.3)

    assert answer.error == "States.Http.Socket"
    assert time.monotonic() - began < 2


def test_a_name_that_is_not_found_in_time_is_not_waited_for(call, monkeypatch):
    found = threading.Event()
    look_up = socket.getaddrinfo

    def slow(*arguments, **more):
        found.wait(5)
        return look_up(*arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()

    answer = call(endpoint="http://localhost:1/", allow=["http://localhost:1/"], seconds=0.2)

    assert answer.error == "States.Http.Socket"
    assert time.monotonic() - began < 2
    found.set()


def test_a_server_that_hangs_up_is_a_socket_error(web, call):
    web.answers["/a"] = hangs_up

    assert call().error == "States.Http.Socket"


def test_a_server_that_is_not_there_is_a_socket_error(call):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        answer = call(endpoint=url, allow=[url])

    assert answer.error == "States.Http.Socket"
    assert answer.cause.startswith(url)


def test_a_host_that_cannot_be_asked_for_is_a_socket_error(call):
    host = f"http://{'x' * 70}.invalid/"

    assert call(endpoint=host, allow=[host]).error == "States.Http.Socket"


def test_an_error_of_the_connection_tells_no_secret(call):
    url = "http://127.0.0.1:1/"
    secrets = {"allow": url, "headers": {"K": "s3cret"}, "query": {"k": "s3cret"}}

    answer = call(endpoint=url, allow=[url], connection=secrets)

    assert answer.error == "States.Http.Socket"
    assert "s3cret" not in answer.cause


@pytest.mark.parametrize("length", [DATA_LIMIT, DATA_LIMIT + 1])
def test_a_body_is_read_up_to_the_limit(web, call, length):
    web.answers["/a"] = (200, {"Content-Type": "text/plain"}, b"x" * length)

    answer = call()

    if length > DATA_LIMIT:
        assert answer.error == DATA_LIMIT_EXCEEDED
    else:
        assert answer.output.value["ResponseBody"] == "x" * length


def test_a_compressed_body_is_read_though_none_was_asked_for(web, call):
    web.answers["/a"] = (200, JSON | {"Content-Encoding": "gzip"}, gzip.compress(b"[1]"))

    assert call().output.value["ResponseBody"] == [1]
    assert asked(web)["headers"]["accept-encoding"] == "identity"


def test_a_body_that_cannot_be_unpacked_is_no_text(web, call):
    web.answers["/a"] = (200, JSON | {"Content-Encoding": "gzip"}, b"[1]")

    assert call() == Raised(RUNTIME, "The response cannot be read as text.")


@pytest.mark.parametrize(
    "arguments",
    [
        {"RequestBody": "\ud800"},
        {"Headers": {"A": "\ud800"}},
        {"QueryParameters": {"a": "\ud800"}},
    ],
)
def test_half_a_surrogate_pair_is_not_sent(web, call, arguments):
    assert call(Method="POST", **arguments).error == RUNTIME
    assert web.requests == []


def test_the_length_of_a_body_is_counted_whatever_the_definition_says(web, call):
    call(Method="POST", RequestBody="abc", Headers={"Content-Length": "2"})

    assert asked(web)["body"] == "abc"


def test_head_has_no_body(web, call):
    assert isinstance(answer := call(Method="HEAD"), Returned)
    assert answer.output.value["ResponseBody"] == ""
