"""Connections and transactions of one database, and its faults in our own words."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NoReturn

from peewee import Database as PeeweeDatabase
from peewee import PeeweeException

from asl.store.drivers import MYSQL, POSTGRES, SQLITE, Driver, Mysql, Postgres, Sqlite
from asl.store.errors import (
    DatabaseUnavailable,
    TransactionConflict,
    UniqueViolation,
    UnstorableValue,
)
from asl.store.turns import Turns
from asl.store.urls import BUSY_SECONDS, read_url

OPEN_AGAIN_SECONDS = 0.01
SCHEMA_LOCK_SECONDS = 60
_DRIVERS = {SQLITE: Sqlite, POSTGRES: Postgres, MYSQL: Mysql}
_POSTGRES_LOCK = "SELECT pg_advisory_xact_lock(7301)"
_inherited: list[Any] = []
"""Connections of the process we were forked from: closing them would end them there too."""


class _Thread(threading.local):
    """What one thread of one process has open."""

    connection: Any = None
    process: int = 0
    in_transaction: bool = False


class Database:
    """Statements run on a connection of the calling thread, opened when first needed.

    One that was closed by the server or inherited through a fork is replaced unseen, except within
    a transaction. Faults are DatabaseUnavailable, TransactionConflict, UniqueViolation and
    UnstorableValue; anything else the driver raises is a mistake of ours and passes as it is.
    """

    def __init__(
        self,
        driver: Driver,
        peewee: PeeweeDatabase,
        turns: AbstractContextManager[None] | None = None,
    ) -> None:
        self.peewee = peewee
        self.sql = driver.sql
        self.kind = driver.kind
        self.locks_rows = driver.locks_rows
        self._driver = driver
        self._turns = turns or nullcontext()
        self._thread = _Thread()
        self._faults = (
            driver.faults.Error,
            driver.faults.Warning,
            UnicodeError,
            OverflowError,
        )

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        """Run one statement in the form that `sql` gave it; a cursor.

        Outside of a transaction it is run again when the connection turns out to be lost, so it
        must bear that.
        """
        if not self._thread.in_transaction:
            return self._execute_alone(statement, parameters)
        connection = self._thread.connection
        if connection is None:
            raise DatabaseUnavailable("the connection was lost within the transaction")
        try:
            cursor = connection.cursor()
            cursor.execute(statement, parameters)
        except self._faults as fault:
            self._raise(fault)
        return cursor

    def write(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run one writing statement in a transaction of its own; how many rows it met."""
        with self._turns:
            return int(self.execute(statement, parameters).rowcount)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. On SQLite the write lock is asked for first, not on the way."""
        thread = self._thread
        if thread.in_transaction:
            raise RuntimeError("transactions do not nest")
        with self._turns:
            self._execute_alone(self._driver.begin)
            thread.in_transaction = True
            try:
                yield
                self._commit()
            except Exception:
                self._rollback()
                raise
            except BaseException:
                self.close()  # cut off in mid-sentence: what the server says next is unknown
                raise
            finally:
                thread.in_transaction = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Statements of the ORM: a connection for them, and their faults in our words."""
        if not self._thread.in_transaction:
            self._fresh_connection()
        try:
            yield
        except PeeweeException as fault:
            self._raise(_of_driver(fault))
        except (UnicodeError, OverflowError) as fault:
            self._raise(fault)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction for statements of the ORM."""
        with self.transaction(), self.reading():
            yield

    @contextmanager
    def schema_lock(self) -> Iterator[None]:
        """Nobody else changes the tables meanwhile; one transaction where the kind can."""
        with self._turns, self.reading():
            if self.kind == MYSQL:
                with self._named_lock():
                    yield
                return
            begin = ("IMMEDIATE",) if self.kind == SQLITE else ()
            with self.peewee.atomic(*begin):
                if self.kind == POSTGRES:
                    self.peewee.execute_sql(_POSTGRES_LOCK)  # type: ignore[no-untyped-call]
                yield

    @contextmanager
    def _named_lock(self) -> Iterator[None]:
        """MySQL ends a transaction at each change of a table, but has locks with names."""
        name = "CONCAT('fn-states.', MD5(DATABASE()))"
        taken = self.execute(f"SELECT GET_LOCK({name}, {SCHEMA_LOCK_SECONDS})").fetchone()[0]
        if taken != 1:
            raise DatabaseUnavailable("somebody else has been changing the tables for too long")
        try:
            yield
        finally:
            self.execute(f"SELECT RELEASE_LOCK({name})")

    def close(self) -> None:
        """Drop the connection of this thread; the next statement opens another."""
        self._thread.connection = None
        try:
            self.peewee.close()
        except PeeweeException:
            self.peewee.dispose()

    def _execute_alone(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        connection = self._fresh_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(statement, parameters)
            return cursor
        except self._faults as fault:
            if not self._driver.is_lost(fault, connection):
                self._raise(fault)
            self.close()
        try:
            cursor = self._fresh_connection().cursor()
            cursor.execute(statement, parameters)
        except self._faults as fault:
            self._raise(fault)
        return cursor

    def _fresh_connection(self) -> Any:
        """The connection of this thread and process, opened or replaced where that is needed."""
        thread = self._thread
        if thread.process != os.getpid():
            self._leave_to_parent()
        elif thread.connection is not None:
            if not self._driver.is_stale(thread.connection):
                return thread.connection
            self.close()
        thread.connection = self._open()
        return thread.connection

    def _leave_to_parent(self) -> None:
        thread = self._thread
        if thread.connection is not None:
            _inherited.append(thread.connection)
        self.peewee.dispose()
        thread.connection, thread.process = None, os.getpid()

    def _open(self) -> Any:
        """Connect. Several processes that open a new SQLite file at once are kept from setting its
        journal mode without being made to wait, so they try again.
        """
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self.peewee.connect()
                return self.peewee.connection()  # type: ignore[no-untyped-call]
            except PeeweeException as wrapped:
                self.peewee.dispose()
                fault = _of_driver(wrapped)
                if not self._driver.is_conflict(fault) or time.monotonic() > until:
                    raise DatabaseUnavailable(str(fault)) from fault
            time.sleep(OPEN_AGAIN_SECONDS)

    def _commit(self) -> None:
        connection = self._thread.connection
        if connection is None:
            raise DatabaseUnavailable("the connection was lost within the transaction")
        try:
            connection.commit()
        except self._faults as fault:
            self._raise(fault)

    def _rollback(self) -> None:
        connection = self._thread.connection
        if connection is None:
            return
        try:
            connection.rollback()
        except self._faults:
            self.close()  # the server rolls back what nobody is connected to any more

    def _raise(self, fault: Exception) -> NoReturn:
        """Raise a fault in our own words; a lost connection is dropped."""
        driver, faults = self._driver, self._driver.faults
        if driver.is_duplicate(fault):
            raise UniqueViolation(str(fault)) from fault
        if driver.is_conflict(fault):
            raise TransactionConflict(str(fault)) from fault
        if isinstance(fault, (faults.DataError, UnicodeError, OverflowError)):
            raise UnstorableValue(str(fault)) from fault
        if driver.is_lost(fault, self._thread.connection):
            self.close()
            raise DatabaseUnavailable(str(fault)) from fault
        if isinstance(fault, (faults.OperationalError, faults.InterfaceError)):
            raise DatabaseUnavailable(str(fault)) from fault
        raise fault


def _of_driver(fault: PeeweeException) -> Exception:
    """What the driver raised, which peewee wraps in a class of its own."""
    cause: Exception = getattr(fault, "orig", fault)
    return cause


def connect(url: str) -> Database:
    """The database of a URL, connected to when first used; BadDatabaseUrl says the forms."""
    address = read_url(url)
    turns = Turns(f"{address.path}-turns") if address.path else None
    return Database(_DRIVERS[address.kind](), address.peewee, turns)
