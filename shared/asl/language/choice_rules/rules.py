"""The tests that a JSONPath Choice rule is made of [specification, Choice]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from asl.language.choice_rules.operators import Operator, Wildcards
from asl.language.errors import runtime_fault
from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.scope import Json, Scope


class Rule(Protocol):
    """A test of the data. `paths` are those it reads."""

    def test(self, scope: Scope) -> bool: ...

    def paths(self) -> tuple[Path, ...]: ...


def _read(path: Path, scope: Scope) -> Json:
    try:
        return path.read(scope)
    except PathNotFound as missing:
        raise runtime_fault(
            f"Invalid path '{path.text}': The choice state's condition path references an "
            "invalid value."
        ) from missing


@dataclass(frozen=True, slots=True)
class Comparison:
    """`NumericLessThan` and its like with a literal; `key` is what is compared of it."""

    variable: Path
    operator: Operator
    key: Any

    def test(self, scope: Scope) -> bool:
        return self.operator.test(_read(self.variable, scope), self.key)

    def paths(self) -> tuple[Path, ...]:
        return (self.variable,)


@dataclass(frozen=True, slots=True)
class PathComparison:
    """`NumericLessThanPath` and its like."""

    variable: Path
    operator: Operator
    other: Path

    def test(self, scope: Scope) -> bool:
        left = _read(self.variable, scope)
        return self.operator.test(left, self.operator.family.key(_read(self.other, scope)))

    def paths(self) -> tuple[Path, ...]:
        return (self.variable, self.other)


@dataclass(frozen=True, slots=True)
class Matches:
    """`StringMatches`; nothing but a string matches."""

    variable: Path
    pattern: Wildcards

    def test(self, scope: Scope) -> bool:
        value = _read(self.variable, scope)
        return isinstance(value, str) and self.pattern.match(value)

    def paths(self) -> tuple[Path, ...]:
        return (self.variable,)


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`IsNull`, `IsString`, …; `expected` false turns the test round."""

    variable: Path
    holds: Callable[[Json], bool]
    expected: bool

    def test(self, scope: Scope) -> bool:
        return self.holds(_read(self.variable, scope)) is self.expected

    def paths(self) -> tuple[Path, ...]:
        return (self.variable,)


@dataclass(frozen=True, slots=True)
class IsPresent:
    """The one test that a missing variable does not fail; a null is present."""

    variable: Path
    expected: bool

    def test(self, scope: Scope) -> bool:
        try:
            value = self.variable.read(scope)
        except PathNotFound:
            return not self.expected
        return (self.variable.definite or bool(value)) is self.expected

    def paths(self) -> tuple[Path, ...]:
        return (self.variable,)


@dataclass(frozen=True, slots=True)
class And:
    """True when all are; later ones are not looked at once one is false."""

    rules: tuple[Rule, ...]

    def test(self, scope: Scope) -> bool:
        return all(rule.test(scope) for rule in self.rules)

    def paths(self) -> tuple[Path, ...]:
        return tuple(path for rule in self.rules for path in rule.paths())


@dataclass(frozen=True, slots=True)
class Or:
    """True when any is; later ones are not looked at once one is true."""

    rules: tuple[Rule, ...]

    def test(self, scope: Scope) -> bool:
        return any(rule.test(scope) for rule in self.rules)

    def paths(self) -> tuple[Path, ...]:
        return tuple(path for rule in self.rules for path in rule.paths())


@dataclass(frozen=True, slots=True)
class Not:
    rule: Rule

    def test(self, scope: Scope) -> bool:
        return not self.rule.test(scope)

    def paths(self) -> tuple[Path, ...]:
        return self.rule.paths()
