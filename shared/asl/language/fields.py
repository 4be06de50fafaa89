"""Typed reading of a JSON object: every fault is noted with its place, none is raised.

A field that was read is known; what is left over when the object is closed is a typo. The words
are those of AWS's ValidateStateMachineDefinition, as it was seen to answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from asl.language.errors import Diagnostic, ExpressionError
from asl.language.jsonpath.paths import Path

SCHEMA_VALIDATION_FAILED = "SCHEMA_VALIDATION_FAILED"
LARGEST_INTEGER = 99_999_999  # the bound of every count and every number of seconds

_KINDS: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Number": (int, float),
    "Boolean": (bool,),
    "Array": (list,),
    "Object": (dict,),
}


class Faults:
    """The faults of one definition, in the order they were met."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def report(self, message: str, location: str, code: str = SCHEMA_VALIDATION_FAILED) -> None:
        self.diagnostics.append(Diagnostic(code, message, location))

    def warn(self, code: str, message: str, location: str) -> None:
        self.diagnostics.append(Diagnostic(code, message, location, "WARNING"))

    @property
    def errors(self) -> list[Diagnostic]:
        return [fault for fault in self.diagnostics if fault.severity == "ERROR"]

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(fault for fault in self.diagnostics if fault.severity == "WARNING")


@dataclass(slots=True)
class Names:
    """The workflow variables that one state reads, and those it assigns with the place of each."""

    read: set[str] = field(default_factory=set)
    assigned: dict[str, str] = field(default_factory=dict)


class Fields:
    """One JSON object of a definition and its place in it.

    names: the variables of the state that the object belongs to, gathered as its fields are read.
    """

    def __init__(
        self,
        value: dict[str, Any],
        location: str,
        faults: Faults,
        names: Names | None = None,
    ) -> None:
        self.value = value
        self.location = location
        self.faults = faults
        self.names = Names() if names is None else names
        self._known: set[str] = {"Comment"}

    def __contains__(self, name: str) -> bool:
        return name in self.value

    @property
    def place_within(self) -> str:
        """What names this object in its state when an expression in it fails: `Catch[0]/`."""
        return f"{self.location.rpartition('/')[2]}/"

    def at(self, name: str) -> str:
        return f"{self.location}/{name}"

    def report(self, message: str, name: str | None = None) -> None:
        self.faults.report(message, self.at(name) if name else self.location or "/")

    def raw(self, name: str) -> Any:
        """The field's value as it stands, None when absent; the field is known from here on."""
        self._known.add(name)
        return self.value.get(name)

    def require(self, *names: str) -> bool:
        """Report those of `names` that are missing; whether none is."""
        missing = [name for name in names if name not in self.value]
        if missing:
            self.report(f"These fields are required: [{', '.join(missing)}]")
        return not missing

    def exclusive(self, *names: str) -> None:
        """Report when more than one of `names` is there."""
        if sum(name in self.value for name in names) > 1:
            listed = ", ".join(names)
            self.report(f"There should only be one of the following fields: [{listed}]")

    def exactly_one(self, *names: str) -> str | None:
        """The one of `names` that is there; reported, and None, when there is none or more."""
        present = [name for name in names if name in self.value]
        if len(present) == 1:
            return present[0]
        self.exclusive(*names)
        if not present:
            listed = ", ".join(names)
            self.report(f"This object should have only one of the following fields: [{listed}]")
        self._known.update(names)
        return None

    def _typed(self, name: str, kind: str) -> Any:
        value = self.raw(name)
        if name not in self.value:
            return None
        wrong = not isinstance(value, _KINDS[kind])
        if wrong or (isinstance(value, bool) and kind != "Boolean"):
            self.report(f"Expected value of type {kind}", name)
            return None
        return value

    def text(self, name: str) -> str | None:
        value: str | None = self._typed(name, "String")
        return value

    def boolean(self, name: str) -> bool | None:
        value: bool | None = self._typed(name, "Boolean")
        return value

    def integer(self, name: str, *, minimum: int = 0, maximum: int = LARGEST_INTEGER) -> int | None:
        value: int | None = self._bounded(name, self._typed(name, "Integer"), minimum, maximum)
        return value

    def number(self, name: str, *, minimum: float, maximum: float | None = None) -> float | None:
        value: float | None = self._bounded(name, self._typed(name, "Number"), minimum, maximum)
        return value

    def _bounded(self, name: str, value: Any, minimum: float, maximum: float | None) -> Any:
        if value is None:
            return None
        if value < minimum:
            self.report(f"Minimum value is {minimum}", name)
            return None
        if maximum is not None and value > maximum:
            self.report(f"Maximum value is {maximum}", name)
            return None
        return value

    def one_of(self, name: str, allowed: Iterable[str]) -> str | None:
        value = self.text(name)
        options = list(allowed)
        if value is not None and value not in options:
            listed = ", ".join(options)
            self.report(f"Value should be one of the following: [{listed}]", name)
            return None
        return value

    def object(self, name: str) -> Fields | None:
        value = self._typed(name, "Object")
        return None if value is None else self._within(value, self.at(name))

    def _within(self, value: dict[str, Any], location: str) -> Fields:
        return Fields(value, location, self.faults, self.names)

    def array(self, name: str, *, may_be_empty: bool = False) -> list[Any] | None:
        value: list[Any] | None = self._typed(name, "Array")
        if value == [] and not may_be_empty:
            self.report("Value cannot be empty", name)
            return None
        return value

    def objects(self, name: str, *, may_be_empty: bool = False) -> Iterator[Fields]:
        """The objects of an array; an element that is none is reported and passed over."""
        for index, item in enumerate(self.array(name, may_be_empty=may_be_empty) or ()):
            location = f"{self.at(name)}[{index}]"
            if isinstance(item, dict):
                yield self._within(item, location)
            else:
                self.faults.report("Expected value of type Object", location)

    def texts(self, name: str) -> tuple[str, ...]:
        """A non-empty array of strings."""
        found = []
        for index, item in enumerate(self.array(name) or ()):
            if isinstance(item, str):
                found.append(item)
            else:
                self.faults.report("Expected value of type String", f"{self.at(name)}[{index}]")
        return tuple(found)

    def path(self, name: str, *, reference: bool = False) -> Path | None:
        """A JSONPath; with `reference` one that names exactly one place."""
        text = self.text(name)
        if text is None:
            return None
        try:
            path = Path.parse(text)
        except ExpressionError:
            self.report("Value must be a valid JSONPath.", name)
            return None
        if reference and not path.is_reference:
            self.report("Value is not a Reference Path", name)
            return None
        self.names.read |= path.names_variables()
        return path

    def refuse(self, names: Iterable[str], why: str) -> None:
        """Report those of `names` that stand here though they may not, each once."""
        for name in names:
            if name in self.value and name not in self._known:
                self._known.add(name)
                self.report(f"The field '{name}' is not supported {why}", name)

    def refuse_other_language(self, names: Iterable[str], language: str, other: str) -> None:
        """Report those of `names` that only the `other` query language has, each once."""
        for name in names:
            if name in self.value and name not in self._known:
                self._known.add(name)
                self.report(
                    f"The QueryLanguage is set to '{language}', but field '{name}' is only "
                    f"supported for the '{other}' QueryLanguage"
                )

    def close(self) -> None:
        """Report what nobody asked for: a field that this object does not have."""
        for name in self.value:
            if name not in self._known:
                self.report(f"Field '{name}' is not supported")
