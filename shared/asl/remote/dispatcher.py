"""Inviting a function without waiting for it to end.

`Fn-Invoke-Type: detached` is answered at once by some hosts, at the end by others, and refused by
those that cannot. Where the answer comes at the end, a connection that closes kills the callee, and
the caller's container may be removed at any time. So the request is sent, a refusal is waited for a
few milliseconds, and without one the call is made to outlive this end; the connection is kept until
a later call finds it answered.
"""

from __future__ import annotations

import logging
from http.client import HTTPException
from urllib.parse import urlsplit

from asl.remote.connection import Connection
from asl.remote.errors import FnUnreachable, FunctionNotFound
from asl.remote.registry import FunctionRegistry

log = logging.getLogger(__name__)

REFUSAL_SECONDS = 0.002
FIRST_REFUSAL_SECONDS = 0.02  # while it is not known whether the host has detached calls
MOST_OPEN = 200  # connections kept; a container may have 350 files
ACCEPTED = (200, 202)
GONE = (404, 500)  # for a function that is not there; 500 is a load balancer's word for it
NOT_DETACHED = 501  # a stock load balancer with its runners has no detached calls
HEADERS = {"Content-Type": "application/json"}
DETACHED = {**HEADERS, "Fn-Invoke-Type": "detached"}


class Dispatcher:
    """Sends invitations; losing one is harmless, what is due is found again."""

    def __init__(self, api_url: str, registry: FunctionRegistry) -> None:
        self._url = api_url
        self._prefix = urlsplit(api_url).path.rstrip("/")
        self._registry = registry
        self._headers = DETACHED
        self._patience = FIRST_REFUSAL_SECONDS
        self._idle: list[Connection] = []
        self._unanswered: list[tuple[Connection, str]] = []

    def invite(self, function: str, body: str) -> bool:
        """Ask Fn to run a function of this app; False when it was refused or cannot be reached."""
        self._collect()
        if len(self._unanswered) >= MOST_OPEN:
            return False
        try:
            path = self._prefix + self._registry.path("", function)
            return self._invite(function, path, body.encode())
        except (FunctionNotFound, FnUnreachable, OSError, HTTPException) as fault:
            log.warning("could not invite %s: %s", function, fault)
            return False

    def _invite(self, function: str, path: str, body: bytes) -> bool:
        headers = self._headers
        connection = self._send(path, body)
        patience, self._patience = self._patience, REFUSAL_SECONDS
        if not connection.answered(patience):
            self._unanswered.append((connection, function))
            connection.outlive()
            return True
        accepted = self._read(connection, function)
        if connection.reusable:
            self._idle.append(connection)
        if self._headers is not headers:
            return self._invite(function, path, body)
        return accepted

    def _send(self, path: str, body: bytes) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.answered(0):  # the other side has closed it meanwhile
                connection.close()
                continue
            try:
                connection.post(path, self._headers, body)
            except OSError:
                connection.close()
                continue
            return connection
        connection = Connection(self._url)
        connection.post(path, self._headers, body)
        return connection

    def _read(self, connection: Connection, function: str) -> bool:
        """Whether the answer is an acceptance; what it says otherwise is kept in mind."""
        try:
            status = connection.read()
        except (OSError, HTTPException) as fault:
            connection.close()
            log.warning("invitation of %s ended without an answer: %s", function, fault)
            return False
        if not connection.reusable:
            connection.close()
        if status in ACCEPTED:
            return True
        if status in GONE:
            self._registry.forget("", function)
        if status == NOT_DETACHED:
            self._headers = HEADERS
        log.warning("invitation of %s was answered %d", function, status)
        return False

    def _collect(self) -> None:
        """Close the connections that have been answered since.

        They are not used again: the line that let a call live on would shift the next request off
        the edge of a block.
        """
        waiting = self._unanswered
        self._unanswered = []
        for connection, function in waiting:
            if connection.answered(0):
                self._read(connection, function)
                connection.close()
            else:
                self._unanswered.append((connection, function))
