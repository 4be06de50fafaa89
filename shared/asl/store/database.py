"""One database behind a URL; the only file that knows which of the three kinds it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from peewee import (
    Database as PeeweeDatabase,
)
from peewee import (
    IntegrityError,
    InterfaceError,
    MySQLDatabase,
    OperationalError,
    PostgresqlDatabase,
    SqliteDatabase,
)

from asl.store.errors import BadDatabaseUrl, DatabaseUnavailable
from asl.store.tables import column_types

SQLITE, POSTGRES, MYSQL = "sqlite", "postgres", "mysql"
FORMS = (
    "sqlite:///path/states.db, postgres://user:password@host:5432/name or "
    "mysql://user:password@tcp(host:3306)/name"
)
BUSY_SECONDS = 30  # how long a SQLite writer waits for its turn before it gives up
CONNECT_SECONDS = 5
_GO_HOST = re.compile(r"@tcp\((?P<host>[^)]*)\)")  # Fn's own form of a MySQL address


class Database:
    """Connections, transactions and the differences between the kinds.

    Statements are written once with `?`; `sql` turns them into the kind's own form.
    """

    def __init__(self, kind: str, peewee: PeeweeDatabase) -> None:
        self.kind = kind
        self.peewee = peewee
        self.locks_rows = kind != SQLITE
        """SQLite has one writer at a time: its transactions begin with the write lock."""
        self._begin = "BEGIN IMMEDIATE" if kind == SQLITE else "BEGIN"

    def sql(self, statement: str) -> str:
        """A statement in this kind's form: placeholders, row locks, quoted words."""
        if self.kind == SQLITE:
            return statement.replace(" FOR UPDATE", "")
        quoted = statement.replace("`", "`" if self.kind == MYSQL else '"')
        return quoted.replace("?", "%s")

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        """Run one prepared statement; DatabaseUnavailable when the server cannot be reached."""
        try:
            cursor = self._connection().cursor()
            cursor.execute(statement, parameters)
        except self._lost() as lost:
            raise self._unavailable(lost) from lost
        return cursor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. On SQLite the write lock is asked for first, not on the way."""
        self._begin_transaction()
        try:
            yield
        except BaseException:
            self._rollback()
            raise
        try:
            self._connection().commit()
        except self._lost() as lost:
            raise self._unavailable(lost) from lost

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction for statements of the ORM, which speaks of faults in peewee's classes."""
        with self.reading(), self.transaction():
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Statements of the ORM: a connection, and lost ones reported as DatabaseUnavailable."""
        self._connection()
        try:
            yield
        except (OperationalError, InterfaceError) as lost:
            raise self._unavailable(lost) from lost

    @contextmanager
    def schema_lock(self) -> Iterator[None]:
        """Nobody else changes the tables meanwhile."""
        self._connection()
        if self.kind == SQLITE:
            with self.peewee.atomic("IMMEDIATE"):
                yield
            return
        lock, unlock = {
            POSTGRES: ("SELECT pg_advisory_lock(7301)", "SELECT pg_advisory_unlock(7301)"),
            MYSQL: ("SELECT GET_LOCK('fn-states', 60)", "SELECT RELEASE_LOCK('fn-states')"),
        }[self.kind]
        self.execute(lock)
        try:
            yield
        finally:
            self.execute(unlock)

    def _begin_transaction(self) -> None:
        try:
            self._connection().cursor().execute(self._begin)
        except self._lost() as lost:
            if self.kind == SQLITE:
                raise self._unavailable(lost) from lost
            self.close()  # a container was frozen, or the server restarted: once more, anew
            self.execute(self._begin)

    def _rollback(self) -> None:
        try:
            self._connection().rollback()
        except self._lost():
            self.close()

    def _connection(self) -> Any:
        if self.peewee.is_closed():
            try:
                self.peewee.connect()
            except OperationalError as fault:
                raise DatabaseUnavailable(str(fault)) from fault
        return self.peewee.connection()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Drop the connection of this thread; the next statement opens another."""
        try:
            self.peewee.close()
        except (OperationalError, InterfaceError):
            self.peewee.init(self.peewee.database, **self.peewee.connect_params)

    def _unavailable(self, fault: Exception) -> DatabaseUnavailable:
        self.close()
        return DatabaseUnavailable(str(fault))

    def _lost(self) -> tuple[type[Exception], ...]:
        return _driver_errors(self.kind)

    def peewee_integrity_error(self) -> type[Exception]:
        return IntegrityError

    def unique_violations(self) -> tuple[type[Exception], ...]:
        """What the driver raises when a unique index refuses a row."""
        return (_driver(self.kind).IntegrityError,)


def _driver(kind: str) -> Any:
    """The DB-API module of a kind, imported only where it is used: start-up counts."""
    if kind == SQLITE:
        import sqlite3

        return sqlite3
    if kind == POSTGRES:
        import psycopg

        return psycopg
    import pymysql

    return pymysql


def _driver_errors(kind: str) -> tuple[type[Exception], ...]:
    driver = _driver(kind)
    return (driver.OperationalError, driver.InterfaceError)


def connect(url: str) -> Database:
    """The database of a URL in one of Fn's three forms; BadDatabaseUrl says which there are."""
    scheme = url.split(":", 1)[0]
    openers = {
        "sqlite": _sqlite, "sqlite3": _sqlite,
        "postgres": _postgres, "postgresql": _postgres,
        "mysql": _mysql,
    }  # fmt: skip
    if scheme not in openers:
        raise BadDatabaseUrl(f"DATABASE_URL is none of the forms {FORMS}")
    try:
        return openers[scheme](url)
    except ValueError as fault:
        raise BadDatabaseUrl(
            f"DATABASE_URL cannot be read ({fault}); the forms are {FORMS}"
        ) from fault


def _sqlite(url: str) -> Database:
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.netloc or len(path) < 2:
        raise ValueError("a SQLite URL has three slashes and a path")
    name = path[1:]
    synchronous = parse_qs(parts.query).get("synchronous", ["normal"])[0]
    if synchronous not in ("normal", "full"):
        raise ValueError("synchronous is 'normal' or 'full'")
    if name != ":memory:":
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    pragmas = {
        "journal_mode": "wal",
        "synchronous": synchronous,
        "cache_size": -16_000,
        "journal_size_limit": 64 << 20,
    }
    database = SqliteDatabase(
        name,
        pragmas=pragmas,
        timeout=BUSY_SECONDS,
        autoconnect=False,
        field_types=column_types(SQLITE),
    )
    return Database(SQLITE, database)


def _credentials(url: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    parts = urlsplit(_GO_HOST.sub(lambda found: "@" + found["host"], url))
    name = parts.path.lstrip("/")
    if not name or not parts.hostname:
        raise ValueError("host and database name are needed")
    arguments: dict[str, Any] = {"host": parts.hostname}
    if parts.port:
        arguments["port"] = parts.port
    if parts.username:
        arguments["user"] = unquote(parts.username)
    if parts.password:
        arguments["password"] = unquote(parts.password)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return name, arguments, options


def _postgres(url: str) -> Database:
    name, arguments, options = _credentials(url)
    allowed: dict[str, Any] = {
        key: value for key, value in options.items() if key.startswith("ssl")
    }
    database = PostgresqlDatabase(
        name,
        autoconnect=False,
        field_types=column_types(POSTGRES),
        connect_timeout=CONNECT_SECONDS,
        prefer_psycopg3=True,
        **arguments,
        **allowed,
    )
    return Database(POSTGRES, database)


def _mysql(url: str) -> Database:
    name, arguments, _options = _credentials(url)
    database = MySQLDatabase(
        name,
        autoconnect=False,
        field_types=column_types(MYSQL),
        connect_timeout=CONNECT_SECONDS,
        charset="utf8mb4",
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        **arguments,
    )
    return Database(MYSQL, database)
