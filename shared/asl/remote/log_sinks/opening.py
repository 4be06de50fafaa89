"""From the setting LOG_SINK to the place that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from asl.remote.log_sinks.sink import LogSink

OTLP = "otlp+"


def open_log_sink(where: str, headers: Mapping[str, str]) -> LogSink | None:
    """The sink of `stdout`, `file:///…`, `http(s)://…` or `otlp+http(s)://…`; None for nothing.

    What a sink needs is imported when it is opened: start-up counts. headers: of HTTP requests.
    """
    if not where:
        return None
    if where == "stdout":
        from asl.remote.log_sinks.stdout import StdoutSink

        return StdoutSink()
    if where.startswith("file:"):
        from asl.remote.log_sinks.file import FileSink

        return FileSink(Path(unquote(urlsplit(where).path)))
    if where.startswith(OTLP):
        from asl.remote.log_sinks.otlp import OtlpSink

        return OtlpSink(where.removeprefix(OTLP), headers)
    from asl.remote.log_sinks.http import HttpSink

    return HttpSink(where, headers)
