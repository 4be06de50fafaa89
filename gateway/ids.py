"""Ids and times in the form a Fn server gives them."""

from datetime import UTC, datetime

from ulid import ULID


def new_id() -> str:
    """26 characters, sortable by time of making."""
    return str(ULID())


def timestamp() -> str:
    """Now, RFC 3339 in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
