"""How data flows through a state: InputPath … OutputPath, or Arguments and Output (JSONata).

Both flows answer the same questions, so a state does not ask which language it is written in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from asl.language.assignments import (
    Assignments,
    QueryAssignments,
    TemplateAssignments,
    assigned,
)
from asl.language.document import Document
from asl.language.errors import ExpressionError, QueryError, runtime_fault
from asl.language.fields import Fields
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.jsonpath.template import Template
from asl.language.lint import warn_of_template
from asl.language.scope import Json, Scope
from asl.language.variables import check_name
from asl.language.visit import Visit

JSONPATH = "JSONPath"
JSONATA = "JSONata"
QUERY_LANGUAGES = (JSONPATH, JSONATA)

RESULT = frozenset({"result"})
ERROR_OUTPUT = frozenset({"errorOutput"})
NOTHING: frozenset[str] = frozenset()

ROOT = Path.parse("$")


class Dataflow(Protocol):
    """What happens to data before a state's work and after it."""

    @property
    def language(self) -> str: ...

    def effective_input(self, visit: Visit) -> Document:
        """The state's input, through InputPath."""

    def arguments(self, visit: Visit) -> Document:
        """What the state works on."""

    def result(self, visit: Visit, result: Document) -> tuple[Document, Document]:
        """Output and variables of a state that made `result`."""

    def passed(self, visit: Visit, flow: Outflow | None = None) -> tuple[Document, Document]:
        """Output and variables of a state that made nothing of its own.

        flow: the Assign and Output of a Choice rule, in place of the state's.
        """


@dataclass(frozen=True, slots=True)
class Outflow:
    """An Assign and an Output that belong to a part of a state: a Choice rule or a catcher.

    within: what names that part in an error, such as `Choices[0]/`.
    """

    assign: Assignments | None = None
    output: QueryTemplate | None = None
    within: str = ""


def read_path(path: Path, scope: Scope) -> Json:
    """The value at a path field such as InputPath; States.Runtime in AWS's words when missing."""
    try:
        return path.read(scope)
    except PathNotFound as missing:
        raise runtime_fault(f"Invalid path '{path.text}' : {missing}") from missing


@dataclass(frozen=True, slots=True)
class JsonPathFlow:
    """InputPath → Parameters → work → ResultSelector → ResultPath → OutputPath.

    A path that is None was written as `null`.
    """

    input_path: Path | None = ROOT
    parameters: Template | None = None
    result_selector: Template | None = None
    result_path: Path | None = ROOT
    output_path: Path | None = ROOT
    assign: Assignments | None = None
    language: str = JSONPATH

    def effective_input(self, visit: Visit) -> Document:
        return _through(visit, self.input_path, visit.token.input)

    def arguments(self, visit: Visit) -> Document:
        effective = self.effective_input(visit)
        if self.parameters is None:
            return effective
        return Document(self.parameters.render(visit.scope(effective.value)))

    def result(self, visit: Visit, result: Document) -> tuple[Document, Document]:
        selected = result
        if self.result_selector is not None:
            selected = Document(self.result_selector.render(visit.scope(result.value)))
        variables = visit.token.variables
        if self.assign is not None:
            variables = assigned(visit, self.assign, visit.scope(result.value))
        placed = place(visit, self.result_path, selected)
        return _through(visit, self.output_path, placed), variables

    def passed(self, visit: Visit, flow: Outflow | None = None) -> tuple[Document, Document]:
        effective = self.effective_input(visit)
        assign = flow.assign if flow is not None else self.assign
        variables = visit.token.variables
        if assign is not None:
            variables = assigned(visit, assign, visit.scope(effective.value))
        return _through(visit, self.output_path, effective), variables


def place(visit: Visit, result_path: Path | None, result: Document) -> Document:
    """ResultPath: the result put into the raw state input, or in its place, or thrown away."""
    if result_path is None:
        return visit.token.input
    if result_path == ROOT:
        return result
    return Document(result_path.insert(visit.input, result.value))


def _through(visit: Visit, path: Path | None, document: Document) -> Document:
    if path is None:
        return Document({}, "{}")
    if path == ROOT:
        return document
    return Document(read_path(path, visit.scope(document.value)))


@dataclass(frozen=True, slots=True)
class JsonataFlow:
    """Arguments → work → Assign and Output side by side."""

    template: QueryTemplate | None = None
    output: QueryTemplate | None = None
    assign: Assignments | None = None
    language: str = JSONATA
    within: str = ""

    def effective_input(self, visit: Visit) -> Document:
        return visit.token.input

    def arguments(self, visit: Visit) -> Document:
        if self.template is None:
            return visit.token.input
        return Document(self.template.render(visit.scope(None), "Arguments"))

    def result(self, visit: Visit, result: Document) -> tuple[Document, Document]:
        return self._out(visit, self, result, {"result": result})

    def passed(self, visit: Visit, flow: Outflow | None = None) -> tuple[Document, Document]:
        return self._out(visit, flow or self, visit.token.input, {})

    def _out(
        self,
        visit: Visit,
        flow: JsonataFlow | Outflow,
        default: Document,
        states: Mapping[str, Document],
    ) -> tuple[Document, Document]:
        if flow.assign is None and flow.output is None:
            return default, visit.token.variables
        scope = visit.scope(None, **{name: value.value for name, value in states.items()})
        variables = assigned(visit, flow.assign, scope)
        if flow.output is None:
            return default, variables
        return Document(flow.output.render(scope, f"{flow.within}Output")), variables


def parse_assign(
    fields: Fields, language: str, available: frozenset[str], within: str = ""
) -> Assignments | None:
    """Read an `Assign`; what `$states` offers in it is `available`."""
    block = fields.object("Assign")
    if block is None:
        return None
    for key in block.value:
        _read_variable_name(key.removesuffix(".$") if language == JSONPATH else key, key, block)
    if language == JSONPATH:
        template = parse_template(fields, "Assign")
        return None if template is None else TemplateAssignments(template)
    query = parse_query(fields, "Assign", available)
    return None if query is None else QueryAssignments(query, within)


def _read_variable_name(name: str, key: str, block: Fields) -> None:
    if (fault := check_name(name)) is not None:
        block.faults.report(fault[1], block.at(key), fault[0])
    else:
        block.names.assigned.setdefault(name, block.at(key))


def parse_template(fields: Fields, name: str) -> Template | None:
    """Read a payload template field of a JSONPath state."""
    if name not in fields:
        return None
    try:
        template = Template.parse(fields.raw(name), fields.at(name))
    except ExpressionError as fault:
        fields.report(str(fault), name)
        return None
    fields.names.read |= template.variables()
    warn_of_template(fields, name)
    return template


def parse_query(fields: Fields, name: str, available: frozenset[str]) -> QueryTemplate | None:
    """Read a field of a JSONata state: any JSON with expressions in its strings."""
    if name not in fields:
        return None
    try:
        query = QueryTemplate.parse(fields.raw(name), fields.at(name), available)
    except QueryError as error:
        fields.faults.diagnostics.extend(error.faults)
        return None
    fields.names.read |= query.variables
    return query


JSONPATH_ONLY = (
    "InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath", "Result", "ItemsPath",
    "SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath",
    "CausePath", "MaxConcurrencyPath", "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
)  # fmt: skip
JSONATA_ONLY = ("Arguments", "Output", "Items")


def refuse_other_language(fields: Fields, language: str) -> None:
    """Report the fields of a state that only the other query language has."""
    if language == JSONPATH:
        fields.refuse_other_language(JSONATA_ONLY, JSONPATH, JSONATA)
    else:
        fields.refuse_other_language(JSONPATH_ONLY, JSONATA, JSONPATH)


def parse_dataflow(fields: Fields, language: str, allowed: frozenset[str]) -> Dataflow:
    """Read the data fields of a state; `allowed` are those its type has in either language."""
    refuse_other_language(fields, language)
    available = RESULT if "Result" in allowed else NOTHING
    assign = parse_assign(fields, language, available) if "Assign" in allowed else None
    if language == JSONPATH:
        return _parse_jsonpath(fields, allowed, assign)
    return JsonataFlow(
        parse_query(fields, "Arguments", NOTHING) if "Arguments" in allowed else None,
        parse_query(fields, "Output", available) if "Output" in allowed else None,
        assign,
    )


def _parse_jsonpath(
    fields: Fields, allowed: frozenset[str], assign: Assignments | None
) -> JsonPathFlow:
    values: dict[str, Any] = {}
    for name, attribute in _JSONPATH_ATTRIBUTES.items():
        if name not in allowed or name not in fields:
            continue
        if name in ("Parameters", "ResultSelector"):
            values[attribute] = parse_template(fields, name)
        elif name == "ResultPath":
            values[attribute] = parse_result_path(fields)
        elif fields.value[name] is None:
            values[attribute] = fields.raw(name)
        elif (path := fields.path(name)) is not None:
            values[attribute] = path
    return JsonPathFlow(assign=assign, **values)


def parse_result_path(fields: Fields) -> Path | None:
    """Read a ResultPath: a reference path into the state's data; None where it is `null`."""
    if "ResultPath" not in fields:
        return ROOT
    if fields.raw("ResultPath") is None:
        return None
    path = fields.path("ResultPath", reference=True)
    if path is not None and path.root != "$":
        fields.report("Value is not a Reference Path", "ResultPath")
    return path


_JSONPATH_ATTRIBUTES = {
    "InputPath": "input_path",
    "Parameters": "parameters",
    "ResultSelector": "result_selector",
    "ResultPath": "result_path",
    "OutputPath": "output_path",
}
