"""Turns of the writers of one SQLite file.

SQLite itself makes a waiting writer sleep and look again, up to a tenth of a second, while a busy
one takes the lock over and over: the patient starve. A lock of the operating system wakes whoever
waits, so writers take turns; SQLite's own lock behind it stays what makes them safe.
"""

from __future__ import annotations

import fcntl
import os
from types import TracebackType

from asl.store.errors import DatabaseUnavailable


class Turns:
    """A context manager: inside it this process is the only one of ours that writes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    def __enter__(self) -> None:
        if self._file is None:
            self._file = self._open()
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as fault:
            raise DatabaseUnavailable(str(fault)) from fault

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
