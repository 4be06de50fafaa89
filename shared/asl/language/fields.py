"""Typed reading of a JSON object: every fault is noted with its place, none is raised.

A field that was read is known; what is left over when the object is closed is a typo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from asl.language.errors import Diagnostic, ExpressionError
from asl.language.paths import Path

SCHEMA_VALIDATION_FAILED = "SCHEMA_VALIDATION_FAILED"
LARGEST_INTEGER = 99_999_999  # the bound of every count and every number of seconds [asl.md 1.15]

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


class Fields:
    """One JSON object of a definition and its place in it."""

    def __init__(self, value: dict[str, Any], location: str, faults: Faults) -> None:
        self.value = value
        self.location = location
        self.faults = faults
        self._known: set[str] = {"Comment"}

    def __contains__(self, name: str) -> bool:
        return name in self.value

    def at(self, name: str) -> str:
        return f"{self.location}/{name}"

    def report(self, message: str, name: str | None = None) -> None:
        self.faults.report(message, self.at(name) if name else self.location or "/")

    def raw(self, name: str) -> Any:
        """The field's value as it stands, None when absent; the field is known from here on."""
        self._known.add(name)
        return self.value.get(name)

    def require(self, *names: str) -> bool:
        """Report in AWS's words those of `names` that are missing; whether none is."""
        missing = [name for name in names if name not in self.value]
        for name in missing:
            self.report(f"The field '{name}' is required but was missing")
        return not missing

    def exclusive(self, *names: str) -> None:
        present = [name for name in names if name in self.value]
        if len(present) > 1:
            listed = " and ".join(f"'{name}'" for name in present)
            self.report(f"The fields {listed} cannot be used together")

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
        if value < minimum or (maximum is not None and value > maximum):
            upper = f" and {maximum}" if maximum is not None else ""
            bounds = f"between {minimum}{upper}" if upper else f"at least {minimum}"
            self.report(f"The value must be {bounds}, but was {value}", name)
            return None
        return value

    def one_of(self, name: str, allowed: Iterable[str]) -> str | None:
        value = self.text(name)
        options = list(allowed)
        if value is not None and value not in options:
            listed = ", ".join(options)
            self.report(f"The field '{name}' should have one of these values: [{listed}]", name)
            return None
        return value

    def object(self, name: str) -> Fields | None:
        value = self._typed(name, "Object")
        return None if value is None else Fields(value, self.at(name), self.faults)

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
                yield Fields(item, location, self.faults)
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
            self.report("Value is not a valid JSONPath", name)
            return None
        if reference and not path.is_reference:
            self.report("Value is not a Reference Path", name)
            return None
        return path

    def refuse(self, names: Iterable[str], why: str) -> None:
        """Report those of `names` that stand here though they may not."""
        for name in names:
            if name in self.value:
                self._known.add(name)
                self.report(f"The field '{name}' is not supported {why}", name)

    def close(self) -> None:
        """Report what nobody asked for: a field that this object does not have."""
        for name in self.value:
            if name not in self._known:
                self.report(f"Field '{name}' is not supported", name)
