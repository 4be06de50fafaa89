"""Fail: end the branch or the execution with an error of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from asl.language import jsontext
from asl.language.dataflow import JSONATA, NOTHING, parse_query, refuse_other_language
from asl.language.effects import Effect
from asl.language.effects import Fail as Failed
from asl.language.errors import ExpressionError, runtime_fault
from asl.language.events import Event
from asl.language.fields import Fields
from asl.language.jsonata.expression import expect
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.intrinsics import Call
from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.jsonpath.template import parse_reference_or_intrinsic
from asl.language.lint import warn_of_text
from asl.language.states.state import Common, State
from asl.language.visit import Visit


@dataclass(frozen=True, slots=True)
class FailText:
    """An Error or a Cause: a literal, a reference path or intrinsic, or an expression."""

    field: str
    literal: str | None = None
    source: Path | Call | None = None
    query: QueryTemplate | None = None

    def read(self, visit: Visit) -> str | None:
        scope = visit.scope(visit.input)
        if self.query is not None:
            value = self.query.render(scope, self.field)
            return str(expect(value, self.field, self.query, "string"))
        if self.source is None:
            return self.literal
        try:
            value = self.source.read(scope)
        except PathNotFound as missing:
            raise runtime_fault(
                f"The JSONPath '{self.source.text}' specified for the field '{self.field}Path' "
                f"could not be found in the input '{jsontext.compact(visit.input)}'"
            ) from missing
        if not isinstance(value, str):
            raise runtime_fault(
                f"The {self.field}Path field '{self.source.text}' must refer to a string, "
                f"but was: {jsontext.compact(value)}"
            )
        return value


@dataclass(frozen=True, kw_only=True)
class Fail(State):
    TYPE: ClassVar[str] = "Fail"

    error: FailText
    cause: FailText

    @classmethod
    def parse(cls, fields: Fields, common: Common) -> Fail:
        return cls(
            name=common.name,
            parent=common.parent,
            flow=common.flow,
            error=_parse_text(fields, "Error", common.language),
            cause=_parse_text(fields, "Cause", common.language),
        )

    def on(self, event: Event, visit: Visit) -> Effect:
        return Failed(self.error.read(visit), self.cause.read(visit))


def _parse_text(fields: Fields, name: str, language: str) -> FailText:
    path_name = f"{name}Path"
    refuse_other_language(fields, language)
    fields.exclusive(name, path_name)
    text = fields.text(name)
    if language == JSONATA:
        query = None if text is None else parse_query(fields, name, NOTHING)
        return FailText(name, query=query)
    warn_of_text(fields.faults, name, text, fields.at(name))
    return FailText(name, literal=text, source=_parse_source(fields, path_name))


def _parse_source(fields: Fields, name: str) -> Path | Call | None:
    text = fields.text(name)
    if text is None:
        return None
    try:
        source = parse_reference_or_intrinsic(text)
    except ExpressionError:
        fields.report("Value is not a Reference Path or an Intrinsic Function", name)
        return None
    paths = (source,) if isinstance(source, Path) else source.paths()
    fields.names.read.update(*(path.names_variables() for path in paths))
    return source
