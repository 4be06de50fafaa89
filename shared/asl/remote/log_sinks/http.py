"""Records POSTed to an HTTP endpoint as lines of JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import httpx

from asl.remote.log_sinks.sink import REFUSALS, LogRecord, SinkFault

CONTENT_TYPE = "application/x-ndjson"
CONNECT_SECONDS = 5
QUOTED = 200  # characters of an answer that are told


class HttpSink:
    """An endpoint that has stored what it answers with 2xx; redirects are not followed.

    A user and a password in the URL are sent as basic authentication.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._host = urlsplit(url).netloc.rpartition("@")[2]
        self._client = httpx.Client(
            headers={"content-type": CONTENT_TYPE, **headers}, trust_env=False
        )

    def send(self, records: Sequence[LogRecord], seconds: float) -> None:
        """See LogSink.send."""
        lines = b"".join(record.line for record in records)
        timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        try:
            answer = self._client.post(self._url, content=lines, timeout=timeout)
        except httpx.HTTPError as fault:
            raise SinkFault(f"{self._host}: {str(fault) or type(fault).__name__}") from fault
        if not answer.is_success:
            said = answer.text[:QUOTED].strip()
            raise SinkFault(
                f"{self._host} answered {answer.status_code} {said}".rstrip(),
                is_refusal=answer.status_code in REFUSALS,
            )
