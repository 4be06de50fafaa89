"""Structured logs: one JSON object a line on stderr, of every function.

Payloads are never in them unless the setting LOG_PAYLOADS asks for it. The message of an
unexpected fault may hold one, so it is kept back likewise; its kind and where it was raised are
not.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

LIBRARY = "asl"  # the logger above all of ours; those of other packages speak from WARNING on
# What a line may say beside time, level and message, in this order; given as `extra`.
FIELDS = ("execution", "operation", "state_machine", "status", "error", "trace_id")
PAYLOADS = ("input", "output", "cause")


@dataclass(frozen=True, slots=True)
class Call:
    """The call at work: a process of a function serves one at a time."""

    function: str = ""
    call_id: str = ""


class Lines(logging.Formatter):
    """Formats a record as JSON. payloads: whether fields that hold payloads are shown."""

    def __init__(self, *, payloads: bool = False) -> None:
        super().__init__()
        self.payloads = payloads
        self.call = Call()

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname,
            "function": self.call.function,
            "call_id": self.call.call_id,
            "message": record.getMessage(),
        }
        line |= self._given(vars(record))
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = self._exception(record.exc_info[1])
        return _json({name: value for name, value in line.items() if value != ""})

    def _given(self, said: Mapping[str, Any]) -> dict[str, Any]:
        names = FIELDS + PAYLOADS if self.payloads else FIELDS
        return {name: said[name] for name in names if said.get(name) is not None}

    def _exception(self, fault: BaseException) -> list[dict[str, Any]]:
        """The fault and what caused it, each with the places it went through, innermost last."""
        faults: list[dict[str, Any]] = []
        seen: set[int] = set()
        cause: BaseException | None = fault
        while cause is not None and id(cause) not in seen:
            seen.add(id(cause))
            frames = traceback.extract_tb(cause.__traceback__)
            places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
            told: dict[str, Any] = {"type": type(cause).__name__, "at": places}
            if self.payloads:
                told["message"] = str(cause)
            faults.append(told)
            cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        return faults


def _time(seconds: float) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _json(line: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(line).decode()
    except UnicodeError:  # half a surrogate pair, which is no UTF-8
        return json.dumps(line)


_lines = Lines()


def set_up(level: str = "WARNING", *, payloads: bool = False, stream: TextIO | None = None) -> None:
    """Have everything that is logged in this process written as lines, from `level` on.

    Takes the place of the handler that the FDK put there. stream: stderr where none is given.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_lines)
    _lines.payloads = payloads
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(LIBRARY).setLevel(level)


def begin_call(function: str, call_id: str | None) -> None:
    """What is logged from now on belongs to this call."""
    _lines.call = Call(function, call_id or "")
