"""A definition, read once: checked whole, every fault reported with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asl.language import jsontext
from asl.language.dataflow import JSONATA, JSONPATH, QUERY_LANGUAGES, parse_dataflow
from asl.language.errors import AslError, DefinitionError, Diagnostic
from asl.language.fields import Faults, Fields
from asl.language.recovery import NO_RECOVERY, parse_recovery
from asl.language.states import STATES
from asl.language.states.state import Common, State, Submachines

STANDARD = "STANDARD"
EXPRESS = "EXPRESS"
TYPES = (STANDARD, EXPRESS)

LARGEST_DEFINITION = 1_048_576  # bytes [asl.md 7.2]
LONGEST_NAME = 80
DEEPEST_NESTING = 20  # Parallel and Map within each other; AWS has a limit too (TOO_DEEPLY_NESTED)
FORBIDDEN_CONTROLS = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))


@dataclass(frozen=True, slots=True)
class Machine:
    """A checked definition. `states` holds those of all scopes: names are unique in a machine.

    timeout: seconds the whole execution may take, None for no limit. warnings: what is legal but
    looks like a mistake.
    """

    start_at: str
    states: Mapping[str, State]
    timeout: int | None = None
    query_language: str = JSONPATH
    warnings: tuple[Diagnostic, ...] = field(default=())

    def state(self, name: str) -> State:
        return self.states[name]


def parse_machine(definition: str | Mapping[str, Any], type_: str = STANDARD) -> Machine:
    """Read a definition; DefinitionError carries all its faults.

    definition: JSON text, or the object itself. type_: STANDARD or EXPRESS, which may hold less.
    """
    reader = _Reader(type_)
    value = _read_text(definition) if isinstance(definition, str) else dict(definition)
    machine = reader.read(value)
    if reader.faults.errors or machine is None:
        raise DefinitionError(reader.faults.errors)
    return machine


def _read_text(text: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_DEFINITION:
        raise DefinitionError(
            [Diagnostic("SCHEMA_VALIDATION_FAILED", "Definition is larger than 1048576 bytes")]
        )
    if not text:
        raise DefinitionError([_not_an_object()])
    try:
        value = jsontext.loads(text)
    except AslError as fault:
        raise DefinitionError([Diagnostic("INVALID_JSON_DESCRIPTION", str(fault))]) from fault
    if not isinstance(value, dict):
        raise DefinitionError([_not_an_object()])
    return value


def _not_an_object() -> Diagnostic:
    return Diagnostic("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object")


class _Reader(Submachines):
    """The one pass over a definition."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self.faults = Faults()
        self.language = JSONPATH
        self.states: dict[str, State] = {}
        self.depth = 0

    def read(self, value: dict[str, Any]) -> Machine | None:
        fields = Fields(value, "", self.faults)
        fields.one_of("Version", ("1.0",))
        timeout = fields.integer("TimeoutSeconds", minimum=1)
        self.language = fields.one_of("QueryLanguage", QUERY_LANGUAGES) or JSONPATH
        missing = [name for name in ("States", "StartAt") if name not in fields]
        if missing:
            self.faults.report(f"These fields are required: [{', '.join(missing)}]", "/")
            return None
        start_at = self._read_scope(fields, "")
        fields.close()
        warnings = tuple(d for d in self.faults.diagnostics if d.severity == "WARNING")
        return Machine(start_at, self.states, timeout, self.language, warnings)

    def parse_branch(self, fields: Fields, parent: str) -> str:
        if self.depth >= DEEPEST_NESTING:
            self.faults.report(
                f"States are nested more than {DEEPEST_NESTING} levels deep",
                fields.location,
                "TOO_DEEPLY_NESTED",
            )
            return ""
        missing = [name for name in ("States", "StartAt") if name not in fields]
        if missing:
            fields.report(f"These fields are required: [{', '.join(missing)}]")
            return ""
        self.depth += 1
        start = self._read_scope(fields, parent)
        self.depth -= 1
        fields.close()
        return start

    def _read_scope(self, fields: Fields, parent: str) -> str:
        """Read StartAt and States of the machine or of a branch; the name of the first state."""
        start_at = fields.text("StartAt")
        states = fields.object("States")
        if states is None:
            return start_at or ""
        if not states.value:
            fields.report("Value cannot be empty", "States")
        scope: dict[str, State | None] = {}
        for name, value in states.value.items():
            scope[name] = self._read_state(states, name, value, parent)
        self._check_transitions(fields, states, start_at, scope)
        return start_at or ""

    def _read_state(self, states: Fields, name: str, value: Any, parent: str) -> State | None:
        location = states.at(name)
        if not 0 < len(name) <= LONGEST_NAME or FORBIDDEN_CONTROLS & set(name):
            self.faults.report(
                f"A state name has 1 to {LONGEST_NAME} characters and no control characters",
                location,
                "INVALID_STATE_NAME",
            )
        if not isinstance(value, dict):
            self.faults.report("Expected value of type Object", location)
            return None
        fields = Fields(value, location, self.faults)
        if not fields.require("Type"):
            return None
        type_ = fields.one_of("Type", STATES)
        if type_ is None:
            return None
        state = self._read_typed(fields, name, STATES[type_], parent)
        if name in self.states:
            self.faults.report(f"Duplicate state name: {name}", location, "DUPLICATE_STATE_NAME")
        self.states[name] = state
        return state

    def _read_typed(self, fields: Fields, name: str, kind: type[State], parent: str) -> State:
        language = fields.one_of("QueryLanguage", QUERY_LANGUAGES) or self.language
        if self.language == JSONATA and language == JSONPATH:
            fields.report(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
            )
        flow = parse_dataflow(fields, language, kind.DATA_FIELDS)
        recovers = kind.TYPE in ("Task", "Parallel", "Map")
        recovery = parse_recovery(fields, language) if recovers else NO_RECOVERY
        next_ = self._read_next(fields, kind)
        common = Common(name, parent, language, flow, next_, recovery, self)
        state = kind.parse(fields, common)
        fields.close()
        return state

    def _read_next(self, fields: Fields, kind: type[State]) -> str | None:
        if kind.TYPE in ("Choice", "Succeed", "Fail"):
            fields.refuse(("Next", "End"), f"in a {kind.TYPE} state")
            return None
        end = fields.boolean("End")
        next_ = fields.text("Next")
        if "Next" in fields and end:
            fields.report("A state has either 'Next' or 'End': true, not both")
        elif "Next" not in fields and not end:
            fields.report("A state needs 'Next', or 'End': true")
        return next_

    def _check_transitions(
        self,
        fields: Fields,
        states: Fields,
        start_at: str | None,
        scope: Mapping[str, State | None],
    ) -> None:
        if start_at is not None and start_at not in scope:
            self._missing_target("StartAt", start_at, fields.at("StartAt"))
        for name, state in scope.items():
            for target, field_ in state.targets() if state is not None else ():
                if target and target not in scope:
                    location = f"{states.at(name)}/{field_}"
                    self._missing_target(field_.rsplit("/", 1)[-1], target, location)
        ends = [s for s in scope.values() if s is None or _ends(s)]
        if scope and not ends:
            self.faults.report(
                "No terminal state (End, Succeed or Fail) was found",
                fields.at("States"),
                "MISSING_END_STATE",
            )

    def _missing_target(self, field_: str, target: str, location: str) -> None:
        message = f"Missing '{field_}' target: {target}"
        self.faults.report(message, location, "MISSING_TRANSITION_TARGET")


def _ends(state: State) -> bool:
    return state.next is None and state.TYPE != "Choice"
