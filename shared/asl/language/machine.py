"""A definition, read once: checked whole, every fault reported with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from asl.language import jsontext
from asl.language.dataflow import (
    JSONATA,
    JSONATA_ONLY,
    JSONPATH,
    QUERY_LANGUAGES,
    parse_dataflow,
)
from asl.language.errors import DefinitionError, Diagnostic
from asl.language.fields import Faults, Fields
from asl.language.json_faults import describe, repeated_states
from asl.language.recovery import NO_RECOVERY, parse_recovery
from asl.language.resources import FUNCTIONS
from asl.language.states import STATES
from asl.language.states.state import Common, State, Submachines
from asl.language.transitions import check_transitions
from asl.language.variables import VariableScope, check_scopes

STANDARD = "STANDARD"
EXPRESS = "EXPRESS"

DUPLICATE_STATE_NAME = "DUPLICATE_STATE_NAME"
LARGEST_DEFINITION = 1_048_576  # bytes
LONGEST_NAME = 80
DEEPEST_NESTING = 20  # Parallel and Map within each other; AWS has a limit too (TOO_DEEPLY_NESTED)
FORBIDDEN_CHARACTERS = frozenset(
    map(chr, (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)))
)
"""Controls, and halves of surrogate pairs, which no database keeps."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A checked definition. `states` holds those of all scopes: names are unique in a machine.

    timeout: seconds the whole execution may take, None for no limit. warnings: what is legal but
    looks like a mistake. references: the variables that each state reads, sorted.
    """

    start_at: str
    states: Mapping[str, State]
    timeout: int | None = None
    warnings: tuple[Diagnostic, ...] = field(default=())
    references: Mapping[str, list[str]] = field(default_factory=dict)

    def state(self, name: str) -> State:
        return self.states[name]

    def variable_references(self) -> dict[str, list[str]]:
        """The variables that states read, by state, as DescribeStateMachine shows them.

        Only states that read any; what is assigned and never read does not count.
        """
        return dict(self.references)


def parse_machine(
    definition: str | Mapping[str, Any],
    type_: str = STANDARD,
    registry: Mapping[str, str] | None = None,
    *,
    services: Collection[str] | None = FUNCTIONS,
    variables: Collection[str] = (),
) -> Machine:
    """Read a definition; DefinitionError carries all its faults.

    definition: JSON text, or the object itself. type_: STANDARD or EXPRESS, which may hold less.
    registry: the function that a Resource text stands for here. services: those that Tasks may
    call, by the service's name; None for any. variables: names that exist from the start.
    """
    reader = _Reader(type_, registry or {}, services)
    value, repeated = _read(definition)
    machine = reader.read(value, variables)
    for name in repeated:
        reader.faults.report(f"Duplicate State name: {name}", "", DUPLICATE_STATE_NAME)
    if reader.faults.errors or machine is None:
        raise DefinitionError(reader.faults.errors)
    return machine


def _read(definition: str | Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The definition as an object, and the state names that stand twice in one `States`."""
    if isinstance(definition, str) and not definition.strip():
        raise DefinitionError([_not_an_object()])
    text = definition if isinstance(definition, str) else ""
    try:
        if not isinstance(definition, str):
            text = jsontext.dumps(dict(definition))
        _check_length(text)
        value = jsontext.loads(text)
    except jsontext.InvalidJson as fault:
        found = describe(text, fault)
        diagnostic = Diagnostic("INVALID_JSON_DESCRIPTION", str(found), found.location)
        raise DefinitionError([diagnostic]) from fault
    if not isinstance(value, dict):
        raise DefinitionError([_not_an_object()])
    return value, repeated_states(text)


def _check_length(text: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_DEFINITION:
        message = f"Definition is larger than {LARGEST_DEFINITION} bytes"
        raise DefinitionError([Diagnostic("SCHEMA_VALIDATION_FAILED", message)])


def _not_an_object() -> Diagnostic:
    return Diagnostic("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object")


class _Reader(Submachines):
    """The one pass over a definition."""

    def __init__(
        self, type_: str, registry: Mapping[str, str], services: Collection[str] | None
    ) -> None:
        self.labels = set()
        self.type = type_
        self.registry = registry
        self.services = services
        self.faults = Faults()
        self._language = JSONPATH
        self._states: dict[str, State] = {}
        self._references: dict[str, list[str]] = {}
        self._scopes: list[VariableScope] = []
        self._scope: VariableScope | None = None
        self._depth = 0

    def read(self, value: dict[str, Any], variables: Collection[str]) -> Machine | None:
        fields = Fields(value, "", self.faults)
        fields.one_of("Version", ("1.0",))
        timeout = fields.integer("TimeoutSeconds", minimum=1)
        self._language = _read_language(fields, JSONPATH)
        if not fields.require("States", "StartAt"):
            return None
        start_at = self._read_scope(fields, "")
        fields.close()
        check_scopes(self._scopes, variables, self.faults)
        return Machine(
            start_at,
            self._states,
            timeout,
            self.faults.warnings,
            self._references,
        )

    def parse_branch(self, fields: Fields, parent: str) -> str:
        if self._depth >= DEEPEST_NESTING:
            message = f"States are nested more than {DEEPEST_NESTING} levels deep"
            self.faults.report(message, fields.location, "TOO_DEEPLY_NESTED")
            return ""
        if not fields.require("States", "StartAt"):
            return ""
        self._depth += 1
        start_at = self._read_scope(fields, parent)
        self._depth -= 1
        fields.close()
        return start_at

    def _read_scope(self, fields: Fields, parent: str) -> str:
        """Read StartAt and States of the machine or of a branch; the name of the first state."""
        start_at = fields.text("StartAt")
        states = fields.object("States")
        if states is None:
            return start_at or ""
        if not states.value:
            fields.report("Value cannot be empty", "States")
            return start_at or ""
        outer = self._scope
        self._scope = VariableScope(outer, isolated=_is_distributed(fields))
        self._scopes.append(self._scope)
        scope = {
            name: self._read_state(states, name, value, parent)
            for name, value in states.value.items()
        }
        self._scope = outer
        check_transitions(fields, start_at, scope)
        return start_at or ""

    def _read_state(self, states: Fields, name: str, value: Any, parent: str) -> State | None:
        location = states.at(name)
        self._check_name(name, location)
        if not isinstance(value, dict):
            self.faults.report("Expected value of type Object", location)
            return None
        fields = Fields(value, location, self.faults)
        type_ = _read_type(fields)
        if type_ is None:
            return None
        state = self._read_typed(fields, name, STATES[type_], parent)
        self._states[name] = state
        self._note_variables(fields, state)
        return state

    def _check_name(self, name: str, location: str) -> None:
        if not 0 < len(name) <= LONGEST_NAME or FORBIDDEN_CHARACTERS & set(name):
            message = (
                f"A state name has 1 to {LONGEST_NAME} characters, no control characters and no "
                "halves of surrogate pairs"
            )
            self.faults.report(message, location, "INVALID_STATE_NAME")
        if name in self._states:
            self.faults.report(f"Duplicate State name: {name}", location, DUPLICATE_STATE_NAME)

    def _read_typed(self, fields: Fields, name: str, kind: type[State], parent: str) -> State:
        language = _read_language(fields, self._language)
        if self._language == JSONATA and language == JSONPATH:
            fields.report(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
            )
            for other in JSONATA_ONLY:
                fields.raw(other)  # that is said already
        flow = parse_dataflow(fields, language, kind.DATA_FIELDS)
        recovers = kind.TYPE in ("Task", "Parallel", "Map")
        recovery = parse_recovery(fields, language) if recovers else NO_RECOVERY
        next_ = _read_next(fields) if kind.TYPE not in ("Choice", "Succeed", "Fail") else None
        state = kind.parse(fields, Common(name, parent, language, flow, next_, recovery, self))
        fields.close()
        return state

    def _note_variables(self, fields: Fields, state: State) -> None:
        if fields.names.read:
            self._references[state.name] = sorted(fields.names.read)
        if self._scope is not None:
            jsonpath = state.flow.language == JSONPATH
            self._scope.states[state.name] = (jsonpath, fields.location, fields.names)


def _read_language(fields: Fields, inherited: str) -> str:
    """The query language; anything but `JSONPath` to the letter is taken for JSONata (seen)."""
    if "QueryLanguage" not in fields:
        return inherited
    if not isinstance(fields.raw("QueryLanguage"), str):
        fields.report("Expected value of type [STRING]", "QueryLanguage")
        return JSONATA
    return fields.one_of("QueryLanguage", QUERY_LANGUAGES) or JSONATA


def _read_type(fields: Fields) -> str | None:
    if not fields.require("Type"):
        return None
    type_ = fields.text("Type")
    if type_ is None or type_ in STATES:
        return type_
    listed = ", ".join(STATES)
    fields.report(f"The field 'Type' should have one of these values: [{listed}]", "Type")
    return None


def _read_next(fields: Fields) -> str | None:
    """The state that follows; None where the branch ends here."""
    end = fields.boolean("End")
    next_ = fields.text("Next")
    if "Next" in fields and end:
        fields.exclusive("Next", "End")
    elif "Next" not in fields and not end:
        fields.report("This object should have only one of the following fields: [Next, End]")
    return next_


def _is_distributed(fields: Fields) -> bool:
    config = fields.value.get("ProcessorConfig")
    return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
