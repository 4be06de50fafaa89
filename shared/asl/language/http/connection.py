"""A connection: what the operator adds to the requests of HTTP Tasks, secrets mostly.

It stands in for a connection of EventBridge, which AWS keeps the secrets of an HTTP Task in.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from asl.language import jsontext
from asl.language.scope import Json

_NAME = r"[.\-_A-Za-z0-9]{1,64}"
_ARN = re.compile(
    rf"(?:arn:aws[a-z-]*:events:[^:]*:[^:]*:connection/)?(?P<name>{_NAME})(?:/[A-Za-z0-9-]+)?"
)
_HEADER_NAME = re.compile(r"[\w-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_PREFIX = re.compile(r"https?://[^\s/?#@\\]+/([^\s?#]*/)?")
_FORM = (
    'a JSON object of connections by name, such as {"stripe": {"allow": "https://api.stripe.com/", '
    '"headers": {"Authorization": "Bearer …"}}}; a connection has `allow` and any of headers, '
    "query, body and basic ([user, password])"
)


@dataclass(frozen=True, slots=True)
class Connection:
    """allow: prefixes of the URLs that its secrets may go to.

    headers, query, body: take the place of what the definition says under the same name.
    """

    allow: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Json] = field(default_factory=dict, repr=False)


def name_of(arn: Json) -> str | None:
    """The name in a ConnectionArn, which may be a name alone; None for anything else."""
    found = _ARN.fullmatch(arn) if isinstance(arn, str) else None
    return None if found is None else found["name"]


def is_url_prefix(text: str) -> bool:
    """Whether it ends where a URL may go on without leading elsewhere."""
    return _PREFIX.fullmatch(text) is not None


def read_connections(text: str) -> Mapping[str, Connection]:
    """Connections by name; ValueError says what they look like, and nothing of what was given."""
    try:
        given = jsontext.loads(text)
    except jsontext.InvalidJson:
        given = None
    if not isinstance(given, dict) or not given or not all(map(_is_sound, given.items())):
        raise ValueError(_FORM)
    return {name: _connection(members) for name, members in given.items()}


def _is_sound(named: tuple[str, Json]) -> bool:
    name, given = named
    if not re.fullmatch(_NAME, name) or not isinstance(given, dict):
        return False
    known = {"allow", "headers", "query", "body", "basic"}
    allow, basic = given.get("allow"), given.get("basic")
    return (
        given.keys() <= known
        and isinstance(allow, str)
        and bool(allow.split())
        and all(is_url_prefix(prefix) for prefix in allow.split())
        and _is_texts(given.get("headers", {}), _HEADER_NAME, _HEADER_VALUE)
        and _is_texts(given.get("query", {}), _ANY, _ANY)
        and isinstance(given.get("body", {}), dict)
        and (basic is None or _is_pair(basic))
    )


_ANY = re.compile(r".*", re.DOTALL)


def _is_texts(value: Json, names: re.Pattern[str], values: re.Pattern[str]) -> bool:
    return isinstance(value, dict) and all(
        names.fullmatch(name) and isinstance(text, str) and values.fullmatch(text)
        for name, text in value.items()
    )


def _is_pair(value: Json) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value)


def _connection(given: dict[str, Json]) -> Connection:
    headers = dict(given.get("headers", {}))
    if "basic" in given:
        user = ":".join(given["basic"])
        headers["Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    return Connection(
        allow=tuple(given["allow"].split()),
        headers=headers,
        query=given.get("query", {}),
        body=given.get("body", {}),
    )
