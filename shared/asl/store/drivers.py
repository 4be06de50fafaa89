"""What differs between the three kinds of database, and what their faults mean.

Drivers are imported only where they are used: start-up counts.
"""

from __future__ import annotations

import select
import sqlite3
from typing import Any, ClassVar

SQLITE, POSTGRES, MYSQL = "sqlite", "postgres", "mysql"


class Driver:
    """One kind. Statements are written once, in SQLite's form with PostgreSQL's row locks."""

    kind: ClassVar[str]
    begin: ClassVar[str] = "BEGIN"
    locks_rows: ClassVar[bool] = True
    faults: Any
    """The DB-API module: its Error and the classes below."""

    def sql(self, statement: str) -> str:
        """A statement in this kind's form: placeholders, row locks, quoted words."""
        raise NotImplementedError

    def is_stale(self, connection: Any) -> bool:
        """Whether the server has hung up on an idle connection, as far as is known here."""
        raise NotImplementedError

    def is_lost(self, fault: Exception, connection: Any) -> bool:
        """Whether the connection is of no more use."""
        raise NotImplementedError

    def is_conflict(self, fault: Exception) -> bool:
        """Whether another transaction stood in the way of this one."""
        raise NotImplementedError

    def is_duplicate(self, fault: Exception) -> bool:
        """Whether a unique index refused a row."""
        raise NotImplementedError


class Sqlite(Driver):
    """One writer at a time: a transaction begins with the write lock instead of asking for it on
    the way, where two that have read would wait for each other.
    """

    kind = SQLITE
    begin = "BEGIN IMMEDIATE"
    locks_rows = False
    faults = sqlite3
    _BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    _LOST = (
        sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY,
    )  # fmt: skip
    _DUPLICATE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)

    def sql(self, statement: str) -> str:
        return statement.replace(" FOR UPDATE", "").replace(" FOR KEY SHARE", "")

    def is_stale(self, connection: Any) -> bool:
        return False

    def is_lost(self, fault: Exception, connection: Any) -> bool:
        return getattr(fault, "sqlite_errorcode", 0) & 0xFF in self._LOST

    def is_conflict(self, fault: Exception) -> bool:
        return getattr(fault, "sqlite_errorcode", 0) & 0xFF in self._BUSY

    def is_duplicate(self, fault: Exception) -> bool:
        return getattr(fault, "sqlite_errorcode", 0) in self._DUPLICATE


class Postgres(Driver):
    kind = POSTGRES
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    # Class 08 is the connection, 57P a shutdown; 25006: a failover made this server a replica.
    _LOST = ("08", "57P", "25006")
    # serialization_failure, deadlock_detected, lock_not_available
    _CONFLICT = ("40001", "40P01", "55P03")
    _UNIQUE_VIOLATION = "23505"

    def __init__(self) -> None:
        import psycopg

        self.faults = psycopg

    def sql(self, statement: str) -> str:
        return statement.replace("`", '"').replace("%", "%%").replace("?", "%s")

    def is_stale(self, connection: Any) -> bool:
        return connection.closed or _has_hung_up(connection.fileno())

    def is_lost(self, fault: Exception, connection: Any) -> bool:
        return connection.closed or (_state(fault) or "").startswith(self._LOST)

    def is_conflict(self, fault: Exception) -> bool:
        return _state(fault) in self._CONFLICT

    def is_duplicate(self, fault: Exception) -> bool:
        return _state(fault) == self._UNIQUE_VIOLATION


class Mysql(Driver):
    """MySQL and MariaDB."""

    kind = MYSQL
    # Client: gone away, lost, lost at …, InterfaceError without number. Server: shutting down,
    # connection killed, read-only after a failover (three ways to say so).
    _LOST = (2006, 2013, 2055, 0, 1053, 1927, 1290, 1792, 1836)
    _CONFLICT = (1213, 1205, 1020)  # deadlock, lock wait timeout, record changed since last read
    _DUPLICATE = (1062,)

    def __init__(self) -> None:
        import pymysql

        self.faults = pymysql

    def sql(self, statement: str) -> str:
        shared = statement.replace(" FOR KEY SHARE", " LOCK IN SHARE MODE")
        return shared.replace("%", "%%").replace("?", "%s")

    def is_stale(self, connection: Any) -> bool:
        return not connection.open or _has_hung_up(connection._sock.fileno())

    def is_lost(self, fault: Exception, connection: Any) -> bool:
        return not connection.open or _number(fault) in self._LOST

    def is_conflict(self, fault: Exception) -> bool:
        return _number(fault) in self._CONFLICT

    def is_duplicate(self, fault: Exception) -> bool:
        return _number(fault) in self._DUPLICATE


def _state(fault: Exception) -> str | None:
    """PostgreSQL's five letters."""
    return getattr(fault, "sqlstate", None)


def _number(fault: Exception) -> int:
    """MySQL's error number, -1 when the fault is not of the server or its driver."""
    number = fault.args[0] if fault.args else -1
    return number if isinstance(number, int) else -1


def _has_hung_up(descriptor: int) -> bool:
    """Whether an idle connection has something to read: the server's farewell, or its end.

    Costs a microsecond, where asking the server costs a round trip.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
