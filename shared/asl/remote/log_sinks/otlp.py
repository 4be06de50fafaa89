"""Records sent to an OpenTelemetry collector, through OpenTelemetry's own exporter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from google.protobuf.message import DecodeError
from opentelemetry._logs import LogRecord as OtelRecord
from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)

from asl.remote.log_sinks.sink import REFUSALS, LogRecord, SinkFault

PATH = "/v1/logs"
TIMEOUT_SECONDS = 10
RESOURCE = Resource({"service.name": "fn-states"})
SCOPE = InstrumentationScope("fn-states")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class NotStored(requests.RequestException):
    """An answer after which the exporter would think the records stored, but they are not."""


class OtlpSink:
    """url: of the collector, such as http://collector:4318; without a path it is /v1/logs.

    The exporter's own environment variables (OTEL_EXPORTER_OTLP_…) hold for the rest: compression,
    certificates, more headers.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        endpoint = url.rstrip("/") + PATH if parts.path in ("", "/") else url
        self._host = parts.netloc.rpartition("@")[2]
        self._reason, self._is_refusal = "", False
        session = requests.Session()
        session.hooks["response"].append(self._check)
        self._exporter = OTLPLogExporter(
            endpoint,
            headers=dict(headers),
            timeout=TIMEOUT_SECONDS,
            session=session,
            max_request_size=0,  # what is too large is for the collector to say
        )

    def send(self, records: Sequence[LogRecord], _seconds: float) -> None:
        """See LogSink.send; the exporter tries again by itself for up to TIMEOUT_SECONDS."""
        self._reason, self._is_refusal = "it did not answer", False
        result = self._exporter.export([_exported(record) for record in records])
        if result is not LogRecordExportResult.SUCCESS:
            raise SinkFault(f"{self._host}: {self._reason}", is_refusal=self._is_refusal)

    def _check(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        """Note a refusal. A redirect and a partial success count as success to the exporter."""
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            self._reason = f"it answered {answer.status_code} {answer.reason}"
            self._is_refusal = answer.status_code in REFUSALS
            if answer.ok:
                raise NotStored(self._reason)
            return
        rejected = _rejected(answer.content)
        if rejected:
            self._reason, self._is_refusal = rejected, True
            raise NotStored(self._reason)


def _rejected(body: bytes) -> str:
    """Why the collector has not stored some of the records; empty where it has them all."""
    try:
        partial = ExportLogsServiceResponse.FromString(body).partial_success
    except DecodeError:
        return ""
    if not partial.rejected_log_records:
        return ""
    return f"it rejected {partial.rejected_log_records} records: {partial.error_message}"


def _exported(record: LogRecord) -> ReadableLogRecord:
    severity = SeverityNumber.ERROR if record.failed else SeverityNumber.INFO
    exported = OtelRecord(
        timestamp=record.at * 1_000_000,
        context=_context(record.trace),
        severity_number=severity,
        severity_text=severity.name,
        body=record.text,
        attributes={f"fn_states.{name}": value for name, value in record.labels.items()},
    )
    return ReadableLogRecord(exported, RESOURCE, SCOPE)


def _context(trace: str) -> Context:
    found = _TRACEPARENT.match(trace)
    if found is None:
        return Context()
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return set_span_in_context(NonRecordingSpan(context), Context())
