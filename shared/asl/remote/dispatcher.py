"""Inviting a function without waiting for it to end.

`Fn-Invoke-Type: detached` is answered at once by some hosts, at the end by others, and refused by
those that cannot. Where the answer comes at the end, a connection that closes kills the callee, and
the caller's container may be removed at any time. So the request is sent, a refusal is waited for a
few milliseconds, and without one the call is made to outlive this end; the connection is kept until
a later call finds it answered.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from http.client import HTTPException

from asl.remote.connection import Connection
from asl.remote.errors import FnUnreachable, FunctionNotFound
from asl.remote.registry import GONE, FunctionRegistry

log = logging.getLogger(__name__)

REFUSAL_SECONDS = 0.002
# While it is not known whether the host has detached calls: a load balancer says so before long,
# a single server that does not heed them answers at the end.
FIRST_REFUSAL_SECONDS = 0.02
FIRST_BALANCED_SECONDS = 0.2
MOST_OPEN = 200  # connections kept; a container may have 350 files
ACCEPTED = (200, 202)
NOT_DETACHED = 501  # a stock load balancer with its runners has no detached calls
HEADERS = {"Content-Type": "application/json"}
DETACHED = {**HEADERS, "Fn-Invoke-Type": "detached"}


@dataclass(frozen=True, slots=True)
class Invitation:
    """A function of this app that was asked to run, where, how, and with what."""

    function: str
    url: str
    headers: dict[str, str]
    body: bytes


class Dispatcher:
    """Sends invitations; losing one is harmless, what is due is found again."""

    def __init__(self, registry: FunctionRegistry) -> None:
        self._registry = registry
        self._headers = DETACHED
        self._is_first = True
        self._idle: list[Connection] = []
        self._unanswered: list[tuple[Connection, Invitation]] = []

    def invite(self, function: str, body: str) -> bool:
        """Ask Fn to run a function of this app; False when it was refused or cannot be reached."""
        try:
            self._collect()
            if len(self._unanswered) >= MOST_OPEN:
                return False
            url = self._registry.url("", function)
            return self._invite(Invitation(function, url, self._headers, body.encode()))
        except (FunctionNotFound, FnUnreachable, OSError, HTTPException) as fault:
            log.warning("could not invite %s: %s", function, fault)
            return False

    def _invite(self, invitation: Invitation) -> bool:
        connection = self._send(invitation)
        if not connection.answered(self._patience(invitation)):
            self._unanswered.append((connection, invitation))
            connection.outlive()
            return True
        status = self._read(connection, invitation)
        if connection.reusable:
            self._idle.append(connection)
        if status in ACCEPTED:
            return True
        again = self._again(invitation, status)
        return again is not None and self._invite(again)

    def _patience(self, invitation: Invitation) -> float:
        """How long to wait for a refusal."""
        if not self._is_first:
            return REFUSAL_SECONDS
        self._is_first = False
        is_balanced = self._registry.is_balanced(invitation.url)
        return FIRST_BALANCED_SECONDS if is_balanced else FIRST_REFUSAL_SECONDS

    def _send(self, invitation: Invitation) -> Connection:
        url, headers, body = invitation.url, invitation.headers, invitation.body
        while self._idle:
            connection = self._idle.pop()
            if connection.answered(0) or not connection.leads_to(url):  # 0: closed meanwhile
                connection.close()
                continue
            try:
                connection.post(url, headers, body)
            except OSError:
                connection.close()
                continue
            return connection
        connection = Connection(url)
        connection.post(url, headers, body)
        return connection

    def _read(self, connection: Connection, invitation: Invitation) -> int:
        """The status of an answer, 0 when there is none."""
        try:
            status = connection.read()
        except (OSError, HTTPException) as fault:
            connection.close()
            log.warning("invitation of %s ended without an answer: %s", invitation.function, fault)
            return 0
        if not connection.reusable:
            connection.close()
        if status not in ACCEPTED:
            log.warning("invitation of %s was answered %d", invitation.function, status)
        return status

    def _again(self, invitation: Invitation, status: int) -> Invitation | None:
        """The same in another way, which is kept in mind, if what was refused is the way."""
        if status == NOT_DETACHED:
            self._headers = HEADERS
            return replace(invitation, headers=HEADERS) if invitation.headers is DETACHED else None
        if status not in GONE:
            return None
        self._registry.forget("", invitation.function)
        url = self._registry.url("", invitation.function)
        return None if url == invitation.url else replace(invitation, url=url)

    def _collect(self) -> None:
        """Close the connections that have been answered since; what was refused is sent anew.

        They are not used again: the line that let a call live on would shift the next request off
        the edge of a block.
        """
        waiting, self._unanswered = self._unanswered, []
        refused = []
        for connection, invitation in waiting:
            if not connection.answered(0):
                self._unanswered.append((connection, invitation))
                continue
            status = self._read(connection, invitation)
            connection.close()
            if status not in ACCEPTED:
                refused.append((invitation, status))
        for invitation, status in refused:
            again = self._again(invitation, status)
            if again is not None:
                self._invite(again)
