"""HTTP Tasks in runs: a real web server is called, under crashes too, and no secret is kept."""

import json

import pytest
from asl.language.http.connection import read_connections
from asl.remote.http_calls import HttpCalls

from tests.protocol.test_crash_points import crash_points, crashes
from tests.protocol.test_map_runs import alone, distributed
from tests.protocol.world import World
from tests.remote.http_server import hangs_up, http_server
from tests.store.databases import TABLE_NAMES
from tests.store.invariants import check_invariants

SECRET = "s3cret-of-the-shop"
INVOKE = "arn:aws:states:::http:invoke"


class HttpWorld(World):
    """One that may call a web server, and has the secrets of a connection."""

    def __init__(self, url, web):
        self._web = web
        super().__init__(url)

    def boot(self):
        super().boot()
        allow = f"{self._web.url}/"
        shop = {
            "allow": allow,
            "headers": {"X-Key": SECRET},
            "query": {"key": SECRET},
            "body": {"key": SECRET},
        }
        connections = read_connections(json.dumps({"shop": shop}))
        calls = HttpCalls((allow,), connections, "us-east-1")
        vars(self.services)["http_calls"] = calls


@pytest.fixture
def web():
    with http_server() as server:
        server.answers["/a"] = (200, {}, {"n": 1})
        yield server


@pytest.fixture
def world(database_url, web):
    return HttpWorld(database_url, web)


def task(web, path="/a", **fields):
    parameters = {
        "ApiEndpoint": web.url + path,
        "Method": "POST",
        "InvocationConfig": {"ConnectionArn": "shop"},
        "RequestBody": {"item.$": "$"},
    }
    state = {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "End": True}
    return state | {"ResultSelector": {"n.$": "$.ResponseBody.n"}} | fields


def ended(world, execution):
    row = world.row(execution)
    output = None if row.output is None else json.loads(row.output)
    return row.status, output, None if row.error is None else json.loads(row.error)


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_a_run_gets_what_the_url_answers(world, web, type_):
    execution = world.start(alone(task(web)), 5, type_)
    world.settle()

    assert ended(world, execution) == ("Succeeded", {"n": 1}, None)
    (request,) = web.requests
    assert json.loads(request["body"]) == {"item": 5, "key": SECRET}
    check_invariants(world.services.store)


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_children_of_a_map_run_call_urls_too(world, web, type_):
    execution = world.start(alone(distributed({"I": task(web)}, type_)), [1, 2, 3])
    world.settle()

    assert ended(world, execution) == ("Succeeded", [{"n": 1}] * 3, None)
    assert sorted(json.loads(request["body"])["item"] for request in web.requests) == [1, 2, 3]


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_a_status_is_retried_and_caught_by_its_name(world, web, type_):
    statuses = [503, 404]
    web.answers["/a"] = lambda handler: handler.send_error(statuses.pop(0))
    state = task(
        web,
        Retry=[{"ErrorEquals": ["States.Http.StatusCode.503"]}],
        Catch=[{"ErrorEquals": ["States.Http.StatusCode.404"], "Next": "C"}],
    )
    caught = {"Type": "Pass", "Parameters": {"caught.$": "$.Error"}, "End": True}
    execution = world.start({"StartAt": "M", "States": {"M": state, "C": caught}}, 5, type_)
    world.settle()

    assert ended(world, execution)[:2] == ("Succeeded", {"caught": "States.Http.StatusCode.404"})


def test_a_url_that_is_not_allowed_is_an_error_to_catch(world):
    state = {"Type": "Task", "Resource": INVOKE, "End": True}
    state["Parameters"] = {"ApiEndpoint": "http://169.254.169.254/latest/", "Method": "GET"}
    execution = world.start(alone(state), {})
    world.settle()

    assert ended(world, execution) == ("Failed", None, "States.Permissions")


def test_an_answer_that_fails_after_the_time_of_the_attempt_is_a_timeout(world, web):
    def late(handler):
        world.now += 10_000
        hangs_up(handler)

    web.answers["/a"] = late
    execution = world.start(alone(task(web, TimeoutSeconds=5)), {})
    world.settle()

    assert ended(world, execution) == ("Failed", None, "States.Timeout")


def test_a_crash_at_any_statement_repeats_an_attempt_under_its_key_at_most(world, web):
    execution = world.start(alone(task(web)), 5)
    world.statements.arm(None, after=False)
    world.settle()
    for number, after in crash_points(world.statements.count, world.url):
        web.requests.clear()
        execution = world.start(alone(task(web)), 5)
        world.statements.arm(number, after=after)
        if crashes(world):
            world.crash_and_recover()
            world.settle()
        world.statements.disarm()

        assert ended(world, execution) == ("Succeeded", {"n": 1}, None), (number, after)
        assert keys(web) == {f"{execution}.1.1"}, (number, after)
    check_invariants(world.services.store)


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_no_secret_of_a_connection_is_kept_anywhere(world, web, type_):
    world.start(alone(task(web)), 5, type_)
    world.start(alone(task(web, "/none")), 5, type_)
    web.answers["/gone"] = hangs_up
    world.start(alone(task(web, "/gone")), 5, type_)
    world.settle()

    assert all(SECRET in request["target"] for request in web.requests)
    assert len(web.requests) == 3
    database = world.services.store.database
    select = [database.sql(f"SELECT * FROM {name}") for name in TABLE_NAMES]
    kept = [database.execute(sql, ()).fetchall() for sql in select]
    assert "/gone" in str(kept)
    assert SECRET not in str(kept)


def keys(web):
    return {dict(request["headers"])["idempotency-key"] for request in web.requests}
