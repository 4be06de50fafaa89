"""An HTTP Task in a test: its URL is called, and TRACE shows what went over the wire."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from asl.aws.call import Call
from asl.language.events import Raised, Returned
from asl.language.http.request import BadArgument, HttpRequest, read_request
from asl.language.scope import Json
from asl.remote.attempts import Attempt
from asl.remote.http_calls import Exchange
from asl.remote.http_messages import Message, Reply


@dataclass(frozen=True, slots=True)
class Trace:
    """A call that was made. sent: None where the request cannot be made."""

    outcome: Returned | Raised
    sent: Message | None
    reply: Reply | None

    def as_json(self) -> dict[str, Json]:
        """The members `request` and `response` of `inspectionData`, as documented by AWS."""
        shown: dict[str, Json] = {}
        if self.sent is not None:
            shown["request"] = {
                "protocol": self.sent.protocol,
                "method": self.sent.method,
                "url": self.sent.url,
                "headers": _listed(self.sent.headers),
                "body": self.sent.body,
            }
        if self.sent is not None and self.reply is not None:
            shown["response"] = {
                "protocol": self.sent.protocol,
                "statusCode": str(self.reply.status),
                "statusMessage": self.reply.reason,
                "headers": _listed(self.reply.headers),
                "body": self.reply.decoded() or "",
            }
        return shown


def call_url(call: Call, arguments: Json, state: str, seconds: float) -> Trace:
    """Call the URL of an HTTP Task. Secrets are in the trace only where the request asks for it."""
    request, id_ = read_request(arguments), call.services.new_id()
    attempt = Attempt(id_, id_, state, 1, "")
    made = _exchange(call, request, attempt, seconds)
    try:
        sent = call.services.http_calls.message(request, attempt, reveal_secrets=_reveals(call))
    except BadArgument:
        sent = None
    return Trace(made.outcome, sent, made.reply)


def _reveals(call: Call) -> bool:
    """Whether secrets were asked for, by somebody who has shown a key: AWS has a permission for it,
    here the door must at least not be open to everybody.
    """
    return bool(call.members.get("revealSecrets") and call.services.settings.api_keys)


def _exchange(call: Call, request: HttpRequest, attempt: Attempt, seconds: float) -> Exchange:
    """In a thread of its own: the handler of a function runs within an event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call.services.http_calls.exchange, request, attempt, seconds).result()


def _listed(headers: Iterable[tuple[str, str]]) -> str:
    return f"[{', '.join(f'{name}: {value}' for name, value in headers)}]"
