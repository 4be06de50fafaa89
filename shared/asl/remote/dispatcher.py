"""Inviting a function without waiting for it to end.

`Fn-Invoke-Type: detached` is answered at once by some hosts and only at the end by others, where
hanging up would kill the callee. So the request is sent, a refusal is waited for a few
milliseconds, and a connection without an answer is kept open until a later call finds it answered.
"""

from __future__ import annotations

import logging
import select
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from asl.remote.errors import FnUnreachable, FunctionNotFound
from asl.remote.registry import FunctionRegistry

log = logging.getLogger(__name__)

REFUSAL_SECONDS = 0.002
MOST_OPEN = 200  # connections kept; a container may have 350 files
CONNECT_SECONDS = 5
ACCEPTED = (200, 202)
HEADERS = {"Content-Type": "application/json", "Fn-Invoke-Type": "detached"}


class Dispatcher:
    """Sends invitations; losing one is harmless, what is due is found again."""

    def __init__(self, api_url: str, registry: FunctionRegistry) -> None:
        parts = urlsplit(api_url)
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._address = (parts.hostname or "", parts.port)
        self._prefix = parts.path.rstrip("/")
        self._registry = registry
        self._idle: list[HTTPConnection] = []
        self._unanswered: list[tuple[HTTPConnection, str]] = []

    def invite(self, function: str, body: str) -> bool:
        """Ask Fn to run a function of this app; False when it was refused or cannot be reached."""
        self._collect()
        if len(self._unanswered) >= MOST_OPEN:
            return False
        try:
            path = self._registry.path("", function)
            connection = self._send(self._prefix + path, body)
        except (FunctionNotFound, FnUnreachable, OSError, HTTPException) as fault:
            log.warning("could not invite %s: %s", function, fault)
            return False
        if not _answered(connection, REFUSAL_SECONDS):
            self._unanswered.append((connection, function))
            return True
        return self._read(connection, function)

    def _send(self, path: str, body: str) -> HTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if _answered(connection, 0):  # the other side has closed it meanwhile
                connection.close()
                continue
            try:
                connection.request("POST", path, body, HEADERS)
            except (OSError, HTTPException):
                connection.close()
                continue
            return connection
        connection = self._kind(*self._address, timeout=CONNECT_SECONDS)
        connection.request("POST", path, body, HEADERS)
        return connection

    def _read(self, connection: HTTPConnection, function: str) -> bool:
        try:
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as fault:
            connection.close()
            log.warning("invitation of %s ended without an answer: %s", function, fault)
            return False
        self._idle.append(connection)
        if answer.status in ACCEPTED:
            return True
        if answer.status == 404:
            self._registry.forget("", function)
        log.warning("invitation of %s was answered %d", function, answer.status)
        return False

    def _collect(self) -> None:
        """Take back the connections that have been answered since."""
        waiting = self._unanswered
        self._unanswered = []
        for connection, function in waiting:
            if _answered(connection, 0):
                self._read(connection, function)
            else:
                self._unanswered.append((connection, function))


def _answered(connection: HTTPConnection, seconds: float) -> bool:
    """Whether something can be read from a connection (or it was closed) within `seconds`."""
    if connection.sock is None:
        return False
    poller = select.poll()
    poller.register(connection.sock, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poller.poll(seconds * 1000))
