"""AWS X-Ray's trace header and W3C's `traceparent`: two spellings of one thing."""

from __future__ import annotations

import re

_XRAY = re.compile(
    r"Root=1-(?P<time>[0-9a-f]{8})-(?P<id>[0-9a-f]{24})"
    r"(?:;Parent=(?P<parent>[0-9a-f]{16}))?(?:;Sampled=(?P<sampled>[01?]))?.*"
)
_W3C = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
NOBODY = "0000000000000000"  # of a trace that nobody gave: it is not shown
NO_PARENT = "0000000000000001"  # W3C forbids a parent of zeros


def traceparent(header: str | None) -> str:
    """The traceparent of an X-Ray header; empty when there is none or it is of another form."""
    found = _XRAY.fullmatch(header or "")
    if found is None:
        return ""
    flags = "01" if found["sampled"] == "1" else "00"
    return f"00-{found['time']}{found['id']}-{found['parent'] or NO_PARENT}-{flags}"


def trace_header(parent: str) -> str | None:
    """The X-Ray header of a traceparent."""
    found = _W3C.fullmatch(parent)
    if found is None or found["parent"] == NOBODY:
        return None
    trace, sampled = found["trace"], int(found["flags"], 16) & 1
    return f"Root=1-{trace[:8]}-{trace[8:]};Parent={found['parent']};Sampled={sampled}"
