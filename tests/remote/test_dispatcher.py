"""Invitations over real sockets: what a server sees and when, and what its answers mean."""

import contextlib
import socket
import threading
import time

import pytest
from asl.remote.connection import BLOCK, EMPTY_LINE, request
from asl.remote.dispatcher import Dispatcher

WAIT = 5


def late(status):
    """An answer that comes when the server is told to give it."""
    return -status


class Registry:
    """Knows the places of one function; the next one once the former was forgotten."""

    def __init__(self, *urls):
        self.urls = list(urls)
        self.forgotten = 0

    def url(self, app, function):
        return self.urls[0]

    def is_balanced(self, url):
        return False

    def forget(self, app, function):
        self.forgotten += 1
        del self.urls[: len(self.urls) > 1]


class Server:
    """Answers the requests with `answers` in turn; None, or a late one, when `release` is set."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.requests, self.followed, self.accepted = [], [], 0
        self.release, self.seen = threading.Event(), threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(WAIT)
        with connection, contextlib.suppress(OSError):
            while True:
                asked = connection.recv(BLOCK)
                if not asked:
                    return
                if asked == EMPTY_LINE:  # before a request, it is to be skipped
                    continue
                self.requests.append(asked)
                status = self.answers.pop(0) or late(200)
                self.seen.release()
                if status < 0:
                    self.followed.append(connection.recv(BLOCK))
                    self.seen.release()
                    self.release.wait(WAIT)
                    status = -status
                connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status)

    def wait_until_seen(self, times=1):
        for _ in range(times):
            assert self.seen.acquire(timeout=WAIT)

    def close(self):
        self.release.set()
        self._listener.close()


@pytest.fixture
def serve(monkeypatch):
    servers = []

    def start(*answers, refusal_seconds=WAIT):
        for name in ("REFUSAL_SECONDS", "FIRST_REFUSAL_SECONDS"):
            monkeypatch.setattr(f"asl.remote.dispatcher.{name}", refusal_seconds)
        servers.append(Server(answers))
        registry = Registry(f"{servers[-1].url}/invoke/one")
        return servers[-1], Dispatcher(registry), registry

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("status", [200, 202])
def test_an_invitation_that_is_answered_is_accepted(serve, status):
    server, dispatcher, _ = serve(status)

    assert dispatcher.invite("step-runner", '{"operation":"x.1"}')
    assert server.requests[0].startswith(b"POST /invoke/one HTTP/1.1\r\n")
    assert b"\r\nFn-Invoke-Type: detached\r\n" in server.requests[0]
    assert server.requests[0].endswith(b'\r\n\r\n{"operation":"x.1"}')


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_refused_invitation_says_so(serve, status):
    _, dispatcher, registry = serve(status)

    assert not dispatcher.invite("step-runner", "{}")
    assert registry.forgotten == 0


@pytest.mark.parametrize("status", [404, 500])
def test_a_function_that_was_created_anew_is_invited_at_its_new_place(serve, status):
    server, dispatcher, registry = serve(status, 200)
    registry.urls.append(f"{server.url}/invoke/two")

    assert dispatcher.invite("step-runner", "{}")
    assert [asked.split()[1] for asked in server.requests] == [b"/invoke/one", b"/invoke/two"]


@pytest.mark.parametrize("status", [404, 500])
def test_a_function_that_is_refused_and_still_there_is_asked_once(serve, status):
    server, dispatcher, registry = serve(status)

    assert not dispatcher.invite("step-runner", "{}")
    assert registry.forgotten == 1
    assert len(server.requests) == 1


def test_a_function_that_moved_to_another_server_is_invited_there(serve):
    _, dispatcher, registry = serve(200)
    new, _, _ = serve(200)
    dispatcher.invite("step-runner", "{}")
    registry.urls[:] = [f"{new.url}/fn/invoke/two"]

    assert dispatcher.invite("step-runner", "{}")
    assert new.requests[0].startswith(b"POST /fn/invoke/two HTTP/1.1\r\n")
    assert b"\r\nHost: " + new.url[7:].encode() in new.requests[0]


def test_a_host_without_detached_calls_is_asked_again_without_and_remembered(serve):
    server, dispatcher, _ = serve(501, 200, 200)

    assert dispatcher.invite("step-runner", "{}")
    assert dispatcher.invite("step-runner", "{}")
    assert [b"Fn-Invoke-Type" in asked for asked in server.requests] == [True, False, False]


def test_an_answered_connection_is_used_again(serve):
    server, dispatcher, _ = serve(202, 202, 202)

    for _ in range(3):
        dispatcher.invite("step-runner", "{}")

    assert server.accepted == 1


def test_a_call_without_an_answer_is_accepted_and_made_to_outlive_the_caller(serve):
    server, dispatcher, _ = serve(None, refusal_seconds=0.002)

    assert dispatcher.invite("step-runner", "{}")
    server.wait_until_seen(times=2)
    assert len(server.requests[0]) == BLOCK
    assert server.followed == [EMPTY_LINE]


def test_a_connection_answered_later_is_closed_and_not_used_again(serve):
    server, dispatcher, _ = serve(None, None, refusal_seconds=0.002)
    dispatcher.invite("step-runner", "{}")
    server.wait_until_seen(times=2)
    server.release.set()
    until = time.monotonic() + WAIT
    while dispatcher._unanswered and time.monotonic() < until:
        dispatcher._collect()

    assert dispatcher._unanswered == []
    assert dispatcher.invite("step-runner", "{}")
    server.wait_until_seen()
    assert server.accepted == 2


def test_a_call_that_is_refused_later_is_sent_again_in_the_way_that_is_taken(serve):
    server, dispatcher, _ = serve(late(501), late(501), 200, 200, 200, refusal_seconds=0.002)
    for _ in range(2):
        dispatcher.invite("step-runner", "{}")
    server.wait_until_seen(times=4)
    server.release.set()
    until = time.monotonic() + WAIT
    while len(server.requests) < 4 and time.monotonic() < until:
        dispatcher._collect()

    detached = [b"Fn-Invoke-Type" in asked for asked in server.requests]
    assert detached == [True, True, False, False]


def test_a_call_whose_function_turns_out_to_be_gone_is_sent_to_its_new_place(serve):
    server, dispatcher, registry = serve(late(500), 200, refusal_seconds=0.002)
    registry.urls.append(f"{server.url}/invoke/two")
    dispatcher.invite("step-runner", "{}")
    server.wait_until_seen(times=2)
    server.release.set()
    until = time.monotonic() + WAIT
    while len(server.requests) < 2 and time.monotonic() < until:
        dispatcher._collect()

    assert [asked.split()[1] for asked in server.requests] == [b"/invoke/one", b"/invoke/two"]


def test_a_load_balancer_is_given_more_time_for_its_first_refusal(serve, monkeypatch):
    server, dispatcher, registry = serve(501, 200)
    monkeypatch.setattr("asl.remote.dispatcher.FIRST_REFUSAL_SECONDS", 0)
    monkeypatch.setattr("asl.remote.dispatcher.FIRST_BALANCED_SECONDS", WAIT)
    registry.is_balanced = lambda url: True

    assert dispatcher.invite("step-runner", "{}")
    server.wait_until_seen(times=2)
    assert [len(asked) for asked in server.requests] == [BLOCK, BLOCK]
    assert [b"Fn-Invoke-Type" in asked for asked in server.requests] == [True, False]


def test_a_host_that_is_not_there_refuses():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    assert not Dispatcher(Registry(f"{url}/invoke/one")).invite("step-runner", "{}")


@pytest.mark.parametrize("size", [0, 19, 3900, 4096, 9000])
def test_a_request_fills_whole_blocks_whatever_its_body(size):
    body = b"x" * size

    made = request("fn:8080", "/invoke/f", {"Fn-Invoke-Type": "detached"}, body)

    assert len(made) % BLOCK == 0
    assert made.endswith(b"\r\n\r\n" + body)
    assert b"\r\nContent-Length: %d\r\n" % size in made
