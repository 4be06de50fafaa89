"""Wait: let time pass, then hand the input on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from asl.language import jsontext, timestamps
from asl.language.dataflow import JSONATA, JSONPATH, NOTHING, parse_query
from asl.language.effects import Effect, Sleep
from asl.language.errors import QUERY_EVALUATION_ERROR, StateError, runtime_fault
from asl.language.events import Elapsed, Event
from asl.language.fields import LARGEST_INTEGER, Fields
from asl.language.jsonata.expression import expect, is_expression
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.scope import Json
from asl.language.states.state import Common, State
from asl.language.visit import Visit

TIME_FIELDS = ("SecondsPath", "Seconds", "TimestampPath", "Timestamp")  # in AWS's order
LONGEST = 2**31  # seconds; beyond it AWS answers "Wait state delay is too long."
NANOSECONDS_A_MILLISECOND = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Wait(State):
    """Exactly one of the four ways to say how long.

    seconds: literal. timestamp: ms since epoch of a literal one. path and query read either.
    """

    TYPE: ClassVar[str] = "Wait"
    DATA_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"InputPath", "OutputPath", "Assign", "Output"}
    )

    field: str = "Seconds"
    seconds: int | None = None
    timestamp: int | None = None
    path: Path | None = None
    query: QueryTemplate | None = None

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Wait:
        field = fields.exactly_one(*TIME_FIELDS)
        how = {} if field is None else _parse_time(fields, field, common.language)
        return cls(
            name=common.name,
            parent=common.parent,
            flow=common.flow,
            next=common.next,
            field=field or "Seconds",
            **how,
        )

    def on(self, event: Event, visit: Visit) -> Effect:
        if isinstance(event, Elapsed):
            return self._go_on(visit)
        until = self._until(visit)
        if until <= visit.moment.now:
            return self._go_on(visit)
        if until - visit.moment.now > LONGEST * 1000:
            raise runtime_fault("Wait state delay is too long.")
        return Sleep(until)

    def _go_on(self, visit: Visit) -> Effect:
        output, variables = self.flow.passed(visit)
        return self.leave(visit, output, variables)

    def _until(self, visit: Visit) -> int:
        if self.timestamp is not None:
            return self.timestamp
        if self.seconds is not None:
            return visit.moment.now + self.seconds * 1000
        value = self._read(visit)
        if self.field.startswith("Timestamp"):
            return self._instant(value)
        return visit.moment.now + self._delay(value) * 1000

    def _read(self, visit: Visit) -> Json:
        if self.query is not None:
            value = self.query.render(visit.scope(None), self.field)
            kind = "number" if self.field == "Seconds" else "string"
            return expect(value, self.field, self.query, kind)
        if self.path is None:
            raise TypeError("a Wait without a time was not refused")
        try:
            return self.path.read(visit.scope(self.flow.effective_input(visit).value))
        except PathNotFound as missing:
            raise runtime_fault(
                f"The {self.field} parameter does not reference an input value: {self.path.text}"
            ) from missing

    def _delay(self, value: Json) -> int:
        shown = jsontext.compact(value)
        if self.path is None:
            if value < 0 or value != int(value):
                raise _query_fault(
                    "Seconds", f"The Seconds field must be a non-negative integer: {shown}"
                )
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise runtime_fault(
                "The SecondsPath parameter cannot be parsed as a long value: "
                f"{self.path.text} == {shown}"
            )
        if value < 0:
            raise runtime_fault(
                "The SecondsPath parameter references a negative value: "
                f"{self.path.text} == {shown}"
            )
        return value

    def _instant(self, value: Json) -> int:
        instant = timestamps.parse(value) if isinstance(value, str) else None
        if instant is not None:
            return instant // NANOSECONDS_A_MILLISECOND
        shown = value if isinstance(value, str) else jsontext.compact(value)
        if self.path is None:
            raise _query_fault(
                "Timestamp",
                "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time "
                f"format string: {shown}",
            )
        raise runtime_fault(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
            f"date-time format string: {self.path.text} == {shown}"
        )

    def evaluation_previous(self, visit: Visit) -> int:
        """A bad Timestamp is reported after the entry, unlike other expressions (recorded)."""
        return visit.entered_event if self.field == "Timestamp" else visit.previous_event


def _query_fault(field: str, cause: str) -> StateError:
    return StateError(QUERY_EVALUATION_ERROR, cause, prefixed=True, location=field)


def _parse_time(fields: Fields, name: str, language: str) -> dict[str, Json]:
    value = fields.value[name]
    if name.endswith("Path"):
        return {"path": fields.path(name)} if language == JSONPATH else {}
    if language == JSONATA and isinstance(value, str) and is_expression(value):
        return {"query": parse_query(fields, name, NOTHING)}
    if name == "Seconds":
        return {"seconds": fields.integer(name, minimum=0, maximum=LARGEST_INTEGER)}
    text = fields.text(name)
    instant = timestamps.parse(text) if text is not None else None
    if text is not None and instant is None:
        fields.report("String does not match RFC3339 timestamp", name)
    return {"timestamp": None if instant is None else instant // NANOSECONDS_A_MILLISECOND}
