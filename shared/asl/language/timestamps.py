"""Instants in the RFC 3339 profile of the Amazon States Language.

The date and time stand with an upper-case `T` between them and end in `Z` or a numeric offset.
Fractions of a second may be of any length (recorded on AWS); what is beyond nanoseconds is cut.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

NANOSECONDS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)


def parse(text: str) -> int | None:
    """Nanoseconds since the epoch (UTC), exact; None where the text is no such timestamp."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    offset = _offset_minutes(found)
    if offset is None:
        return None
    since = local - _EPOCH
    seconds = since.days * 86_400 + since.seconds - offset * 60
    return seconds * NANOSECONDS + int((found[7] or "0")[:9].ljust(9, "0"))


def _offset_minutes(found: re.Match[str]) -> int | None:
    if found[8] is None:
        return 0
    hours, minutes = int(found[9]), int(found[10])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if found[8] == "-" else 1)


def format(milliseconds: int) -> str:  # noqa: A001 - read as timestamps.format
    """The instant, `milliseconds` since the epoch, as `2019-03-26T20:14:13.192Z`.

    OverflowError outside the years 1 to 9999.
    """
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
