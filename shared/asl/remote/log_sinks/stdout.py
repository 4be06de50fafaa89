"""Records as lines on standard output, which Fn takes for the function's log."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from asl.remote.log_sinks.sink import LogRecord, SinkFault


class StdoutSink:
    def send(self, records: Sequence[LogRecord], _seconds: float) -> None:
        """See LogSink.send. What takes the lines from there is Fn's matter, or the host's."""
        try:
            sys.stdout.buffer.write(b"".join(record.line for record in records))
            sys.stdout.buffer.flush()
        except OSError as fault:
            raise SinkFault(f"stdout: {fault.strerror}") from fault
