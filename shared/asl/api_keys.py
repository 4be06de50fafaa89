"""Who may call: the keys of the setting API_KEYS. Every comparison takes the same time."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping


def bearer_is_known(authorization: str, keys: Mapping[str, str]) -> bool:
    """Whether a header `Bearer <secret>` has the secret of one of the keys (secrets by id)."""
    scheme, _, secret = authorization.partition(" ")
    return scheme.lower() == "bearer" and _is_one_of(secret.strip(), list(keys.values()))


def basic_is_known(authorization: str, keys: Mapping[str, str]) -> bool:
    """Whether a header `Basic <base64 of id:secret>` (RFC 7617) has one of the keys."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return _is_one_of(pair, [f"{key_id}:{secret}" for key_id, secret in keys.items()])


def _is_one_of(given: str, known: list[str]) -> bool:
    matches = [hmac.compare_digest(given.encode(), text.encode()) for text in known]
    return any(matches)
