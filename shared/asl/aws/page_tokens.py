"""Where a list goes on: opaque tokens, good for 24 hours and for the same request only."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from asl.aws import errors

LIFETIME = 24 * 3600 * 1000  # ms


class _Token(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    key: str
    issued_at: int
    request: str


def encode(key: str, operation: str, members: Mapping[str, Any], now: int) -> str:
    """The token of the page after `key`."""
    token = _Token(key, now, _fingerprint(operation, members))
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).rstrip(b"=").decode()


def decode(operation: str, members: Mapping[str, Any], now: int) -> str | None:
    """The key that `nextToken` of a request stands for; None without one, else InvalidToken."""
    text = members.get("nextToken")
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        token = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=_Token
        )
    except (binascii.Error, UnicodeError, msgspec.MsgspecError) as fault:
        raise errors.invalid_token() from fault
    if token.request != _fingerprint(operation, members) or now - token.issued_at > LIFETIME:
        raise errors.invalid_token()
    return token.key


def _fingerprint(operation: str, members: Mapping[str, Any]) -> str:
    """Of all that must stay the same from page to page; the size of a page may change."""
    kept = {k: v for k, v in members.items() if k not in ("nextToken", "maxResults")}
    text = msgspec.json.encode([operation, kept], order="sorted")
    return blake2b(text, digest_size=9).hexdigest()
