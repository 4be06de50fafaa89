"""Records as lines at the end of a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from asl.remote.log_sinks.sink import LogRecord, SinkFault

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
_MODE = 0o640


class FileSink:
    """A file that is opened for each portion, so that it may be rotated in between."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, records: Sequence[LogRecord], _seconds: float) -> None:
        """See LogSink.send: they are on the disk when this returns."""
        lines = b"".join(record.line for record in records)
        try:
            descriptor = os.open(self._path, _FLAGS, _MODE)
            try:
                _append(descriptor, lines)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as fault:
            raise SinkFault(f"{self._path}: {fault.strerror}") from fault


def _append(descriptor: int, lines: bytes) -> None:
    """Write whole lines; one that was torn by a crash or a full disk is ended first."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        lines = b"\n" + lines
    while lines:
        lines = lines[os.write(descriptor, lines) :]
