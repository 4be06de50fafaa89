"""What an intrinsic function takes: the kinds of its arguments, and the register of them all.

A kind turns a JSON value into what the function wants, or says why it cannot: while a definition
is read for a literal (the definition is refused), at run time for anything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from asl.language.errors import AslError
from asl.language.jsontext import compact
from asl.language.scope import Json
from asl.language.values import is_number, kind_of

LONGEST_DATA = 10_000
"""Characters that Base64Encode, Base64Decode and Hash take [Developer Guide]."""


class Misuse(AslError):
    """An argument, or a combination of them, that an intrinsic function cannot take."""


@dataclass(frozen=True, slots=True)
class FormatText:
    """The template of States.Format, cut where its arguments go: one piece more than those."""

    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string in a call, without its escapes; `pieces` are the parts between unescaped `{}`."""

    value: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What one argument must be."""

    name: str
    convert: Callable[[Json], Any]

    def of_literal(self, literal: Json | StringLiteral) -> Any:
        """The value of a literal; Misuse where it is of another kind."""
        if not isinstance(literal, StringLiteral):
            return self.convert(literal)
        return FormatText(literal.pieces) if self is template else self.convert(literal.value)


def _of_type(name: str, type_: type) -> Kind:
    def convert(value: Json) -> Json:
        if not isinstance(value, type_):
            raise Misuse(f"expected {name}, but was {kind_of(value)}")
        return value

    return Kind(name, convert)


def _to_integer(value: Json) -> int:
    """Half up, towards positive infinity (recorded on AWS: -0.5 is 0, 1.5 is 2)."""
    if not is_number(value):
        raise Misuse(f"expected number, but was {kind_of(value)}")
    return value if isinstance(value, int) else math.floor(value + 0.5)


def _to_data(value: Json) -> str:
    """The characters of a string, or the compact JSON text of anything else."""
    text = value if isinstance(value, str) else compact(value)
    if len(text) > LONGEST_DATA:
        raise Misuse(f"expected at most {LONGEST_DATA} characters, but were {len(text)}")
    return text


def _to_data_string(value: Json) -> str:
    return _to_data(string.convert(value))


def _to_template(value: Json) -> FormatText:
    """A template found at run time: a backslash in it is data."""
    return FormatText(tuple(string.convert(value).split("{}")))


anything = Kind("value", lambda value: value)
array = _of_type("array", list)
boolean = _of_type("boolean", bool)
object_ = _of_type("object", dict)
string = _of_type("string", str)
integer = Kind("number", _to_integer)
data = Kind("value", _to_data)
data_string = Kind("string", _to_data_string)
template = Kind("string", _to_template)


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, the kinds of its required, optional and further arguments, its wish for chance.

    Where `random` is set the function's first parameter is the source of chance.
    """

    name: str
    function: Callable[..., Json]
    required: tuple[Kind, ...]
    optional: tuple[Kind, ...] = ()
    rest: Kind | None = None
    random: bool = False

    def kinds(self, count: int) -> tuple[Kind, ...]:
        """The kinds of `count` arguments; Misuse where the function takes another number."""
        kinds = self.required + self.optional
        if count < len(self.required) or (count > len(kinds) and self.rest is None):
            raise Misuse(f"takes another number of arguments than {count}")
        if self.rest is not None and count > len(kinds):
            kinds += (self.rest,) * (count - len(kinds))
        return kinds[:count]

    def call(self, arguments: list[Any], random: Random) -> Json:
        if self.random:
            return self.function(random, *arguments)
        return self.function(*arguments)


INTRINSICS: dict[str, Signature] = {}
"""Every intrinsic function by its name after `States.`."""


def intrinsic(
    name: str,
    *required: Kind,
    optional: tuple[Kind, ...] = (),
    rest: Kind | None = None,
    random: bool = False,
) -> Callable[[Callable[..., Json]], Callable[..., Json]]:
    """Register the decorated function as `States.name`: all there is to adding one."""

    def register(function: Callable[..., Json]) -> Callable[..., Json]:
        INTRINSICS[name] = Signature(name, function, required, optional, rest, random)
        return function

    return register
