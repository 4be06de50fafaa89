"""W3C trace context: the trace of an execution, from whoever starts it to every task it calls.

An execution keeps one `traceparent`. Each attempt of a task gets a span of its own in that trace,
made from the operation and the attempt's number, so that a redelivery carries the same.
https://www.w3.org/TR/trace-context-2/
"""

from __future__ import annotations

import hashlib
import re
from random import Random

_TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?"
)
NOBODY = "0" * 16  # the parent of a trace that begins here; never sent, W3C forbids it
_NO_TRACE = "0" * 32
_FORBIDDEN_VERSION = "ff"
_KNOWN_FLAGS = 0x03  # sampled, random; others have no meaning yet and are to be set to zero


def read_traceparent(header: object) -> str:
    """The header as it is kept: in version 00; empty where there is none or it breaks the rules.

    Of a later version what version 00 knows is taken (section 3.2.4). header: whatever came, such
    as a list where it came twice.
    """
    found = _TRACEPARENT.fullmatch(header) if isinstance(header, str) else None
    if found is None or found["version"] == _FORBIDDEN_VERSION:
        return ""
    if found["version"] == "00" and found["rest"] is not None:
        return ""
    if found["trace"] == _NO_TRACE or found["parent"] == NOBODY:
        return ""
    flags = int(found["flags"], 16) & _KNOWN_FLAGS
    return f"00-{found['trace']}-{found['parent']}-{flags:02x}"


def new_trace(random: Random) -> str:
    """What an execution keeps that was given no trace: sampled, as nobody said otherwise."""
    return f"00-{random.getrandbits(128) or 1:032x}-{NOBODY}-03"


def trace_id(trace: str) -> str | None:
    """The id of a kept trace, None where there is none."""
    return trace[3:35] or None


def traceparent_of(trace: str, operation: str, attempt: int) -> str:
    """What an attempt of a task is sent; empty where its execution has no trace."""
    if not trace:
        return ""
    digest = hashlib.sha256(f"{operation}.{attempt}".encode()).hexdigest()
    span = digest[:16]
    return f"{trace[:36]}{span if span != NOBODY else digest[16:32]}{trace[52:]}"
