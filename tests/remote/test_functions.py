"""Functions are found by app and name, wherever Fn says that they are, and found anew."""

import httpx
import pytest
from asl.language.document import Document
from asl.language.effects import FunctionRequest
from asl.language.events import Raised, Returned
from asl.language.resources import Dialect
from asl.remote.attempts import Attempt
from asl.remote.errors import FnUnreachable, FunctionNotFound
from asl.remote.functions import Functions
from asl.remote.registry import FunctionRegistry

from tests.remote.fn_server import FnServer

ATTEMPT = Attempt("run", "run.1", "S", 1, "")
REQUEST = FunctionRequest("photos", "resize", Document({}), Dialect.FN)


@pytest.fixture
def fn():
    server = FnServer()
    server.deploy("photos", "resize", "one")
    server.deploy("own", "step-runner", "own-one")
    yield server
    server.close()


@pytest.fixture
def registry(fn):
    with httpx.Client(base_url=fn.url, trust_env=False) as client:
        yield FunctionRegistry(client, "id-of-own")


@pytest.fixture
def call(fn, registry):
    with httpx.Client(base_url=fn.url, trust_env=False) as client:
        functions = Functions(client, registry)
        yield lambda: functions.call(REQUEST, ATTEMPT, 5)


def test_a_function_is_invoked_where_its_endpoint_says(fn, registry):
    assert registry.url("photos", "resize") == f"{fn.lb_url}/invoke/one"
    assert registry.is_balanced(f"{fn.lb_url}/invoke/one")
    assert not registry.is_balanced(f"{fn.url}/invoke/one")


def test_a_function_of_the_own_app_is_found_without_the_apps_name(fn, registry):
    assert registry.url("", "step-runner") == f"{fn.lb_url}/invoke/own-one"
    assert fn.asked == ["/v2/fns"]


def test_what_was_found_is_not_asked_again(fn, registry):
    for _ in range(3):
        registry.url("photos", "resize")

    assert fn.asked == ["/v2/apps", "/v2/fns"]


def test_an_endpoint_that_only_repeats_the_host_asked_gives_way_to_the_base_url(fn):
    fn.endpoint = "{api}/invoke/{id}"
    with httpx.Client(base_url=f"{fn.url}/behind/a/proxy/", trust_env=False) as client:
        registry = FunctionRegistry(client, "id-of-own")

        assert registry.url("photos", "resize") == f"{fn.url}/behind/a/proxy/invoke/one"


def test_a_function_without_an_endpoint_is_invoked_at_the_base_url(fn, registry):
    fn.endpoint = ""

    assert registry.url("photos", "resize") == f"{fn.url}/invoke/one"


@pytest.mark.parametrize(("app", "function"), [("photos", "rotate"), ("music", "resize")])
def test_what_is_not_there_is_named(registry, app, function):
    with pytest.raises(FunctionNotFound, match=app):
        registry.url(app, function)


def test_an_api_that_does_not_answer_is_said_so(fn, registry):
    fn.close()

    with pytest.raises(FnUnreachable, match="/v2/apps"):
        registry.url("photos", "resize")


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"<html>", b"\xff", b'{"items": [{}]}', b'{"items": {"id": "x"}}']
)
def test_an_api_that_answers_otherwise_than_fn_is_said_so(body):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with (
        httpx.Client(base_url="http://fn", transport=transport) as client,
        pytest.raises(FnUnreachable, match="GET /v2/apps"),
    ):
        FunctionRegistry(client, "id-of-own").url("photos", "resize")


def test_an_app_that_was_created_anew_is_found_for_a_function_not_asked_for_yet(fn, registry):
    fn.deploy("photos", "rotate", "two")
    registry.url("photos", "resize")
    fn.functions[("another-id", "rotate")] = "three"
    fn.apps["photos"] = "another-id"
    del fn.functions[("id-of-photos", "rotate")]

    assert registry.url("photos", "rotate") == f"{fn.lb_url}/invoke/three"


@pytest.mark.parametrize("unknown", [404, 500])
def test_a_function_that_was_created_anew_is_called_at_its_new_place(fn, call, unknown):
    fn.unknown = unknown
    assert isinstance(call(), Returned)
    fn.deploy("photos", "resize", "two")

    assert isinstance(call(), Returned)
    assert [url.rpartition("/")[2] for url in fn.invoked] == ["one", "one", "two"]


def test_a_function_whose_app_was_created_anew_is_called_at_its_new_place(fn, call):
    assert isinstance(call(), Returned)
    del fn.functions[("id-of-photos", "resize")]
    fn.apps["photos"] = "another-id"
    fn.deploy("photos", "resize", "two")

    assert isinstance(call(), Returned)


def test_a_function_that_is_gone_is_not_found(fn, call):
    assert isinstance(call(), Returned)
    fn.functions.clear()

    assert call() == Raised(
        "Fn.NotFound", "photos/resize: there is no function 'resize' in app 'photos'"
    )


def test_a_server_error_of_a_function_that_is_still_there_is_its_failure_after_one_call(fn, call):
    fn.answer = 500

    assert call() == Raised("Fn.FunctionFailed", "photos/resize: as it is")
    assert len(fn.invoked) == 1
