"""What a log sink is handed, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from asl.language.errors import AslError


class SinkFault(AslError):
    """Records that did not arrive, or that may not have; says where, and why.

    is_refusal: the place is there, but does not take these records.
    """

    def __init__(self, message: str, *, is_refusal: bool = False) -> None:
        super().__init__(message)
        self.is_refusal = is_refusal


REFUSALS = frozenset(
    (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)
)
"""Answers that are about the records that were sent."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of JSON about a run, and what a log store files it under.

    at: ms since epoch. failed: whether it tells of a failure. trace: the run's `traceparent`, or
    empty. labels: names and values of text. text: JSON without line breaks.
    """

    at: int
    failed: bool
    trace: str
    labels: Mapping[str, str]
    text: str

    @property
    def line(self) -> bytes:
        return self.text.encode() + b"\n"


class LogSink(Protocol):
    """A place that keeps records."""

    def send(self, records: Sequence[LogRecord], seconds: float) -> None:
        """Hand over the records, within about `seconds`: returns once they have arrived, all.

        SinkFault otherwise; some of them may have arrived then.
        """
