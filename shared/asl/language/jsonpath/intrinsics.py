"""Intrinsic function calls, `States.Name(argument, …)`: read once, evaluated often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asl.language.errors import ExpressionError, StateError
from asl.language.jsonpath import intrinsic_functions  # noqa: F401 - fills the register
from asl.language.jsonpath.intrinsic_signatures import (
    INTRINSICS,
    Kind,
    Misuse,
    Signature,
    StringLiteral,
)
from asl.language.jsonpath.paths import Path
from asl.language.jsonpath.reader import TextReader
from asl.language.scope import Json, Scope

INTRINSIC_FAILURE = "States.IntrinsicFailure"

_NAME = re.compile(r"States\.([A-Za-z0-9]+)")
_PIECE = re.compile(r"[^'\\{}]+")
_ESCAPE = re.compile(r"\\(['\\{}])")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: `source` is read at run time; without one `value` is there already."""

    kind: Kind
    source: Path | Call | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed call of an intrinsic function."""

    text: str
    signature: Signature
    arguments: tuple[Argument, ...]

    @classmethod
    def parse(cls, text: str) -> Call:
        """The call that the whole of `text` is; ExpressionError when it is none.

        That includes an unknown function, a wrong number of arguments, a literal of a wrong kind,
        an escape other than of a quote, a brace or a backslash, and more than 10 nested calls.
        """
        reader = TextReader(text)
        call = _read_call(reader)
        if not reader.at_end():
            raise reader.fault("Expected the end of the call")
        return call

    def paths(self) -> Iterator[Path]:
        """Every path it reads, those of inner calls too."""
        for argument in self.arguments:
            if isinstance(argument.source, Path):
                yield argument.source
            elif argument.source is not None:
                yield from argument.source.paths()

    def read(self, scope: Scope) -> Json:
        """The result. PathNotFound where an argument is missing.

        StateError States.IntrinsicFailure where the function cannot take its arguments.
        """
        arguments = [
            self._argument(position, argument, scope)
            for position, argument in enumerate(self.arguments)
        ]
        try:
            return self.signature.call(arguments, scope.random)
        except Misuse as misuse:
            raise self._failure(str(misuse)) from misuse

    def _argument(self, position: int, argument: Argument, scope: Scope) -> Any:
        if argument.source is None:
            return argument.value
        value = argument.source.read(scope)
        try:
            return argument.kind.convert(value)
        except Misuse as misuse:
            raise self._failure(f"argument {position + 1}: {misuse}") from misuse

    def _failure(self, reason: str) -> StateError:
        return StateError(
            INTRINSIC_FAILURE,
            f"The function '{self.text}' had the following error: {reason}",
            prefixed=True,
        )


def _read_call(reader: TextReader) -> Call:
    start = reader.position
    reader.descend()
    signature = _read_signature(reader)
    reader.skip_blanks()
    reader.expect("(")
    given = _read_arguments(reader)
    reader.ascend()
    try:
        kinds = signature.kinds(len(given))
        arguments = tuple(map(_bind, kinds, given))
    except Misuse as misuse:
        raise ExpressionError(f"States.{signature.name}: {misuse}") from misuse
    return Call(reader.text[start : reader.position], signature, arguments)


def _read_signature(reader: TextReader) -> Signature:
    name = reader.match(_NAME)
    signature = INTRINSICS.get(name.removeprefix("States.")) if name else None
    if signature is None:
        raise reader.fault("Expected an intrinsic function")
    return signature


def _read_arguments(reader: TextReader) -> list[Any]:
    """The arguments and the closing parenthesis."""
    reader.skip_blanks()
    if reader.accept(")"):
        return []
    arguments = [_read_argument(reader)]
    while reader.accept(","):
        arguments.append(_read_argument(reader))
    reader.expect(")")
    return arguments


def _read_argument(reader: TextReader) -> Any:
    reader.skip_blanks()
    argument = _read_value(reader)
    reader.skip_blanks()
    return argument


def _read_value(reader: TextReader) -> Any:
    if reader.sees("$"):
        return Path.read_from(reader)
    if reader.sees("'"):
        return _read_string(reader)
    if reader.sees("States."):
        return _read_call(reader)
    if reader.sees_word():
        return reader.word()
    number = reader.number()
    if number is None:
        raise reader.fault("Expected an argument")
    return number


def _read_string(reader: TextReader) -> StringLiteral:
    """A string in single quotes; its pieces are cut at every `{}` that is not escaped."""
    reader.expect("'")
    pieces = [""]
    while not reader.accept("'"):
        if reader.accept("{}"):
            pieces.append("")
        elif (escape := reader.match(_ESCAPE)) is not None:
            pieces[-1] += escape[1]
        elif reader.accept("{") or reader.accept("}"):
            pieces[-1] += reader.text[reader.position - 1]
        elif (piece := reader.match(_PIECE)) is not None:
            pieces[-1] += piece
        else:
            raise reader.fault("Expected the end of the string or a valid escape")
    return StringLiteral("{}".join(pieces), tuple(pieces))


def _bind(kind: Kind, given: Any) -> Argument:
    if isinstance(given, (Path, Call)):
        return Argument(kind, source=given)
    return Argument(kind, value=kind.of_literal(given))
