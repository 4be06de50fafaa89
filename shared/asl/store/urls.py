"""From a DATABASE_URL to a peewee database, not yet connected.

Fn's own three forms [Fn's FN_DB_URL]; an option that is not known is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from peewee import Database, MySQLDatabase, PostgresqlDatabase, SqliteDatabase

from asl.store.columns import COLUMN_TYPES
from asl.store.drivers import MYSQL, POSTGRES, SQLITE
from asl.store.errors import BadDatabaseUrl

FORMS = (
    "sqlite:///relative/states.db, sqlite:////absolute/states.db, "
    "postgres://user:password@host:5432/name?sslmode=disable and "
    "mysql://user:password@tcp(host:3306)/name"
)
BUSY_SECONDS = 30  # how long a SQLite writer waits for its turn before it gives up
CONNECT_SECONDS = 5
SILENCE_SECONDS = 30  # after which a server that does not acknowledge what was sent is given up

_ESCAPE = "in user and password / ? # % are percent-escaped"
_GO_ADDRESS = re.compile(r"@(?P<network>tcp|unix)\((?P<address>[^)]*)\)")
_LIBPQ = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "sslsni",
     "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode",
     "channel_binding", "target_session_attrs", "application_name", "options", "connect_timeout",
     "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}
)  # fmt: skip
_PYMYSQL = frozenset({"ssl_ca", "ssl_cert", "ssl_key"})
_GO_MYSQL = frozenset(  # options of Go's driver that say nothing about how we speak to the server
    {"parseTime", "loc", "charset", "collation", "multiStatements", "interpolateParams", "timeout",
     "readTimeout", "writeTimeout", "maxAllowedPacket", "checkConnLiveness", "clientFoundRows"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """kind: of database. path: of a SQLite file, else empty."""

    kind: str
    peewee: Database
    path: str = ""


def read_url(url: str) -> Address:
    """The database of a URL; BadDatabaseUrl tells the forms there are, never the password."""
    scheme = url.split(":", 1)[0].lower()
    reader = _READERS.get(scheme)
    if reader is None:
        raise BadDatabaseUrl(f"DATABASE_URL is none of the forms {FORMS}")
    try:
        return reader(url)
    except ValueError as fault:
        raise BadDatabaseUrl(
            f"DATABASE_URL cannot be read ({fault}); the forms are {FORMS}"
        ) from fault


def _sqlite(url: str) -> Address:
    parts = urlsplit(url)
    path = unquote(parts.path)[1:]
    if parts.netloc or not path:
        raise ValueError("a SQLite URL has three slashes and a path, a fourth where it is absolute")
    options = _options(parts.query)
    synchronous = options.pop("synchronous", "normal")
    if synchronous not in ("normal", "full"):
        raise ValueError("synchronous is 'normal' or 'full'")
    _refuse(options)
    _make_folder(path)
    pragmas = {
        "journal_mode": "wal",
        "synchronous": synchronous,
        "cache_size": -16_000,
        "journal_size_limit": 64 << 20,
    }
    database = SqliteDatabase(
        path,
        pragmas=pragmas,
        timeout=BUSY_SECONDS,
        autoconnect=False,
        field_types=COLUMN_TYPES[SQLITE],
    )
    return Address(SQLITE, database, path)


def _make_folder(path: str) -> None:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ValueError(f"the folder of {path!r} cannot be made: {fault.strerror}") from fault


def _postgres(url: str) -> Address:
    name, server, options = _server(url)
    threshold = options.pop("prepare_threshold", "5")
    if threshold != "none" and not threshold.isdecimal():
        raise ValueError("prepare_threshold is a number, or 'none' behind a pooler")
    known = {key: options.pop(key) for key in list(options) if key in _LIBPQ}
    _refuse(options)
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": SILENCE_SECONDS,
        "tcp_user_timeout": SILENCE_SECONDS * 1000,
        **known,
        **server,
    }
    database = PostgresqlDatabase(
        name,
        autoconnect=False,
        field_types=COLUMN_TYPES[POSTGRES],
        prefer_psycopg3=True,
        prepare_threshold=None if threshold == "none" else int(threshold),
        **arguments,
    )
    return Address(POSTGRES, database)


def _mysql(url: str) -> Address:
    name, server, options = _server(url)
    known: dict[str, Any] = {key: options.pop(key) for key in list(options) if key in _PYMYSQL}
    tls = options.pop("tls", "false")
    _refuse({key: value for key, value in options.items() if key not in _GO_MYSQL})
    database = MySQLDatabase(
        name,
        autoconnect=False,
        field_types=COLUMN_TYPES[MYSQL],
        connect_timeout=CONNECT_SECONDS,
        read_timeout=2 * SILENCE_SECONDS,  # beyond what a server lets a transaction wait
        write_timeout=SILENCE_SECONDS,
        charset="utf8mb4",
        client_flag=_found_rows(),
        sql_mode="STRICT_ALL_TABLES",  # refuse what does not fit instead of cutting it
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        **_tls(tls),
        **known,
        **server,
    )
    return Address(MYSQL, database)


def _found_rows() -> int:
    """The wish to be told how many rows an UPDATE met, as others do, not how many it changed."""
    from pymysql.constants import CLIENT

    return CLIENT.FOUND_ROWS


def _tls(wish: str) -> dict[str, Any]:
    if wish == "false":
        return {}
    if wish not in ("true", "skip-verify"):
        raise ValueError("tls is 'true', 'skip-verify' or 'false'")
    import ssl

    context = ssl.create_default_context()
    if wish == "skip-verify":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


def _server(url: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Database name, how to reach and enter the server, and the options."""
    found = _GO_ADDRESS.search(url)
    socket = found["address"] if found and found["network"] == "unix" else ""
    host = "localhost" if socket else found["address"] if found else ""
    parts = urlsplit(_GO_ADDRESS.sub(f"@{host}", url, count=1) if found else url)
    name = unquote(parts.path.lstrip("/"))
    if not name or not parts.hostname:
        raise ValueError("host and database name are needed")
    if "/" in name or "@" in name:
        raise ValueError(_ESCAPE)
    server: dict[str, Any] = {"host": unquote(parts.hostname)}
    if socket:
        server = {"unix_socket": socket}
    if port := _port(parts.netloc):
        server["port"] = port
    if parts.username:
        server["user"] = unquote(parts.username)
    if parts.password:
        server["password"] = unquote(parts.password)
    return name, server, _options(parts.query)


def _port(netloc: str) -> int | None:
    try:
        return urlsplit("//" + netloc).port
    except ValueError:  # its text may hold a piece of a password
        raise ValueError(f"the port is a number; {_ESCAPE}") from None


def _options(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


def _refuse(options: dict[str, str]) -> None:
    if options:
        raise ValueError(f"the option {min(options)} is unknown")


_READERS: dict[str, Callable[[str], Address]] = {
    "sqlite": _sqlite,
    "sqlite3": _sqlite,
    "postgres": _postgres,
    "postgresql": _postgres,
    "mysql": _mysql,
}
