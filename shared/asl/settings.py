"""The settings: all by environment (Fn config), all with a default that works on a laptop."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from asl.language.errors import AslError
from asl.language.http.connection import Connection, is_url_prefix, read_connections

Setting = (
    str | int | Mapping[str, str] | Mapping[str, int] | Mapping[str, Connection] | tuple[str, ...]
)

DEFAULT_DATABASE_URL = "sqlite:///.data/states.db"
# Where every Fn server mounts the socket of a container; the local gateway has its own elsewhere.
CONTAINER_SOCKET = "unix:/tmp/iofs/"


class BadSetting(AslError):
    """A setting that is unknown or cannot be read; names it and says what it takes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """See docs/settings.md for the table. Times are seconds."""

    database_url: str = DEFAULT_DATABASE_URL
    fn_api_url: str = "http://127.0.0.1:8080"
    retention_days: int = 7
    aws_region: str = "us-east-1"
    aws_account_id: str = "000000000000"
    lease_seconds: int = 30
    drain_seconds: int = 10
    max_runners: int = 4
    max_calls: int = 32
    evict_batch: int = 100
    log_sink: str = field(default="", repr=False)  # its URL may hold a password
    log_sink_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    redact: tuple[str, ...] = ()
    max_payload_bytes: int = 262_144
    queue_limits: Mapping[str, int] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    object_allow: tuple[str, ...] = ()
    s3_endpoint_url: str = ""
    http_allow: tuple[str, ...] = ()
    http_connections: Mapping[str, Connection] = field(default_factory=dict, repr=False)
    log_level: str = "WARNING"
    log_payloads: bool = False
    stuck_after_hours: int = 24
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # secrets by id
    public_url: str = ""


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def _matching(pattern: str, what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(what)
        return text

    return read


def _url(pattern: str, what: str) -> Callable[[str], str]:
    """As _matching; an http(s) URL has to have a host, and a port that is one."""
    match = _matching(pattern, what)

    def read(text: str) -> str:
        if "http" in match(text).partition(":")[0] and not _has_server(text):
            raise ValueError(what)
        return text

    return read


def _has_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def _resources(text: str) -> Mapping[str, str]:
    try:
        registry = json.loads(text)
    except ValueError:
        registry = None
    pairs = registry.items() if isinstance(registry, dict) else ()
    if not pairs or not all(isinstance(value, str) for _, value in pairs):
        raise ValueError('a JSON object such as {"arn:aws:states:::sqs:sendMessage": "fn:my/send"}')
    return dict(pairs)


def _limits(text: str) -> Mapping[str, int]:
    try:
        limits = json.loads(text)
    except ValueError:
        limits = None
    if not isinstance(limits, dict) or not all(
        type(limit) is int and limit > 0 for limit in limits.values()
    ):
        raise ValueError('a JSON object of whole numbers above 0, such as {"reports": 2, "*": 50}')
    return limits


def _headers(text: str) -> Mapping[str, str]:
    try:
        headers = json.loads(text)
    except ValueError:
        headers = None
    pairs = headers.items() if isinstance(headers, dict) else ()
    if not pairs or not all(
        re.fullmatch(r"[\w-]+", name, re.ASCII)
        and isinstance(value, str)
        and re.fullmatch(r"([!-~]([ -~]*[!-~])?)?", value)
        for name, value in pairs
    ):
        raise ValueError('a JSON object of HTTP headers, such as {"Authorization": "Bearer …"}')
    return dict(pairs)


def _fields(text: str) -> tuple[str, ...]:
    fields = tuple(word.removeprefix("$.") for word in text.split())
    if not all(all(field.split(".")) and not set(",[]") & set(field) for field in fields):
        raise ValueError(
            "names of fields with blanks between them, or paths with dots: password card.number"
        )
    return fields


def _prefixes(text: str) -> tuple[str, ...]:
    prefixes = tuple(text.split())
    if not all(re.fullmatch(r"(file://|s3://[^/]+|https?://[^/@]+)/(\S*/)?", p) for p in prefixes):
        raise ValueError(
            "URI prefixes that end in a slash, with blanks between them, such as "
            "file:///data/ https://host/path/ s3://bucket/"
        )
    return prefixes


def _url_prefixes(text: str) -> tuple[str, ...]:
    prefixes = tuple(text.split())
    if not all(is_url_prefix(prefix) for prefix in prefixes):
        raise ValueError(
            "URL prefixes that end in a slash, with blanks between them, such as "
            "https://api.example.com/ https://host:8443/v1/"
        )
    return prefixes


def _keys(text: str) -> Mapping[str, str]:
    pattern = r"(\w{1,128}):([!-+\--~]{16,128})"
    found = [re.fullmatch(pattern, pair, re.ASCII) for pair in text.split()]
    keys = {key[1]: key[2] for key in found if key is not None}
    if not keys or len(keys) != len(found):
        raise ValueError(
            "pairs id:secret with blanks between them; an id has letters, digits and _ and stands "
            "once, a secret has at least 16 printable characters without blanks and commas"
        )
    return keys


READERS: dict[str, Callable[[str], Setting]] = {
    "DATABASE_URL": _matching(r"\w+:.+", "sqlite:///…, postgres://… or mysql://…"),
    "FN_API_URL": _url(r"https?://[^/\s]+\S*", "http(s)://host:port of the Fn server"),
    "RETENTION_DAYS": _integer(1, 30),
    "AWS_REGION": _matching(r"[a-z0-9-]+", "a region name such as us-east-1"),
    "AWS_ACCOUNT_ID": _matching(r"\d{12}", "twelve digits"),
    "LEASE_SECONDS": _integer(2, 300),
    "DRAIN_SECONDS": _integer(0, 240),
    "MAX_RUNNERS": _integer(1, 1000),
    "MAX_CALLS": _integer(1, 40),
    "EVICT_BATCH": _integer(1, 10_000),
    "LOG_SINK": _url(
        r"stdout|file:///[^?#]*[^/?#]|(otlp\+)?https?://[^/\s]+\S*",
        "stdout, file:///path, http(s)://host/path or otlp+http(s)://host:4318",
    ),
    "LOG_SINK_HEADERS": _headers,
    "REDACT": _fields,
    "MAX_PAYLOAD_BYTES": _integer(1024, 16 << 20),
    "QUEUE_LIMITS": _limits,
    "RESOURCES": _resources,
    "OBJECT_ALLOW": _prefixes,
    "HTTP_ALLOW": _url_prefixes,
    "HTTP_CONNECTIONS": read_connections,
    "API_KEYS": _keys,
    "PUBLIC_URL": _url(r"https?://[^/\s]+/\S*", "http(s)://host/path of the root function"),
    "LOG_LEVEL": _matching(r"DEBUG|INFO|WARNING|ERROR", "DEBUG, INFO, WARNING or ERROR"),
    "LOG_PAYLOADS": _flag,
    "STUCK_AFTER_HOURS": _integer(1, 8760),
    "S3_ENDPOINT_URL": _url(r"https?://[^/\s]+/?", "http(s)://host:port of the S3 store"),
}
# Names near ours that belong to others.
FOREIGN = frozenset({"AWS_DEFAULT_REGION"})


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from an environment; BadSetting for a malformed one, or a misspelt name."""
    _refuse_misspelt(environment)
    values: dict[str, Setting] = {}
    for name, read in READERS.items():
        text = environment.get(name, "")
        if not text:
            continue
        try:
            values[name.lower()] = read(text)
        except ValueError as fault:
            raise BadSetting(f"the setting {name} takes {fault}") from fault
    settings = Settings(**values)  # type: ignore[arg-type]
    if environment.get("FN_LISTENER", "").startswith(CONTAINER_SOCKET):
        _refuse_files_on_a_server(settings)
    return settings


def _refuse_files_on_a_server(settings: Settings) -> None:
    """A file in a container would be its own, and go with it."""
    if settings.database_url.startswith("sqlite"):
        raise BadSetting(
            "the setting DATABASE_URL must name a PostgreSQL or MySQL database here: containers on "
            "a Fn server share no disk, so SQLite is for the local gateway only; for example "
            "fn config app states DATABASE_URL postgres://user:password@host:5432/name"
        )
    if settings.log_sink.startswith("file:"):
        raise BadSetting(
            "the setting LOG_SINK must name an HTTP endpoint or an OTLP collector here, or stdout: "
            "a file in a container of a Fn server goes with the container"
        )


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    for name in environment:
        if name in READERS or name in FOREIGN:
            continue
        near = difflib.get_close_matches(name.upper(), READERS, n=1, cutoff=0.88)
        if near:
            raise BadSetting(f"the setting {name} is unknown; {near[0]} is probably meant")
