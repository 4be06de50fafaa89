"""The grammar of JSONPath: from text to segments and filters.

What is accepted is what AWS's engine accepts, less its aggregate functions, which AWS
lets in and then fails on at run time. A name in brackets escapes its quote and the backslash with
a backslash; before anything else a backslash is part of the name (recorded on AWS).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from asl.language.jsonpath.filters import (
    OPERATORS,
    AllOf,
    AnyOf,
    Comparison,
    Exists,
    Literal,
    Negation,
    Query,
)
from asl.language.jsonpath.patterns import Pattern
from asl.language.jsonpath.reader import TextReader
from asl.language.jsonpath.segments import (
    Condition,
    Filter,
    Index,
    Indexes,
    Length,
    Name,
    Names,
    Scan,
    Segment,
    Slice,
    Wildcard,
)
from asl.language.scope import Json

T = TypeVar("T")

MAX_SEGMENTS = 256
"""Steps of one path: no value is nested deeper."""

_NAME = re.compile(r"""[^\s.\[\](),'"*?=<>!~&|\\]+""")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(['"\\])""")
_INTEGER = re.compile(r"-?[0-9]{1,10}(?![0-9])")
_VARIABLE = re.compile(r"[^\W\d]\w*")
_SYMBOL = re.compile(r"===|!==|==|!=|<=|>=|=~|<|>")
_WORD = re.compile(r"[A-Za-z]+(?=[\s\['\"/@$])")
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)+)/([imsuU]*)")


def read_root(reader: TextReader) -> str:
    """`$`, `$$`, or the name of a variable."""
    reader.expect("$")
    if reader.accept("$"):
        return "$$"
    return reader.match(_VARIABLE) or "$"


def read_segments(reader: TextReader) -> tuple[Segment, ...]:
    """The steps that stand here, up to the first character that belongs to none."""
    segments: list[Segment] = []
    while (segment := _read_segment(reader)) is not None:
        if segments and isinstance(segments[-1], Names):
            segments[-1] = Names(segments[-1].names, definite=False)
        segments.append(segment)
        if len(segments) > MAX_SEGMENTS:
            raise reader.fault(f"More than {MAX_SEGMENTS} steps")
    return tuple(segments)


def _read_segment(reader: TextReader) -> Segment | None:
    if reader.accept(".."):
        return Scan(_read_step(reader))
    if reader.accept("."):
        return _read_step(reader)
    return _read_bracket(reader) if reader.sees("[") else None


def _read_step(reader: TextReader) -> Segment:
    """What may follow a dot: a name, `*`, `length()`, or a bracket."""
    if reader.accept("*"):
        return Wildcard()
    if reader.sees("["):
        return _read_bracket(reader)
    name = reader.match(_NAME)
    if name is None:
        raise reader.fault("Expected a name")
    if not reader.sees("("):
        return Name(name)
    if name == "length" and reader.accept("()"):
        return Length()
    raise reader.fault(f"The function '{name}' is not supported")


def _read_bracket(reader: TextReader) -> Segment:
    reader.expect("[")
    reader.skip_blanks()
    segment = _read_selector(reader)
    reader.skip_blanks()
    reader.expect("]")
    return segment


def _read_selector(reader: TextReader) -> Segment:
    if reader.accept("*"):
        return Wildcard()
    if reader.accept("?"):
        return _read_filter(reader)
    if reader.sees("'") or reader.sees('"'):
        names = _read_listed(reader, _read_quoted)
        return Name(names[0]) if len(names) == 1 else Names(names, definite=True)
    return _read_indexes(reader)


def _read_indexes(reader: TextReader) -> Segment:
    if reader.accept(":"):
        return Slice(None, _read_integer(reader))
    indexes = _read_listed(reader, _read_integer)
    if len(indexes) > 1:
        return Indexes(indexes)
    if reader.accept(":"):
        stop = reader.match(_INTEGER)
        return Slice(indexes[0], None if stop is None else int(stop))
    return Index(indexes[0])


def _read_listed(
    reader: TextReader, read_item: Callable[[TextReader], T], joint: str = ","
) -> tuple[T, ...]:
    items = [read_item(reader)]
    reader.skip_blanks()
    while reader.accept(joint):
        reader.skip_blanks()
        items.append(read_item(reader))
        reader.skip_blanks()
    return tuple(items)


def _read_integer(reader: TextReader) -> int:
    text = reader.match(_INTEGER)
    if text is None:
        raise reader.fault("Expected an integer")
    return int(text)


def _read_quoted(reader: TextReader) -> str:
    text = reader.match(_QUOTED)
    if text is None:
        raise reader.fault("Expected a quoted string")
    quote = text[0]
    return _ESCAPED.sub(
        lambda found: found[1] if found[1] in (quote, "\\") else found[0], text[1:-1]
    )


def _read_filter(reader: TextReader) -> Segment:
    reader.skip_blanks()
    reader.expect("(")
    reader.descend()
    condition = _read_any_of(reader)
    reader.ascend()
    reader.expect(")")
    return Filter(condition)


def _read_any_of(reader: TextReader) -> Condition:
    parts = _read_listed(reader, _read_all_of, "||")
    return parts[0] if len(parts) == 1 else AnyOf(parts)


def _read_all_of(reader: TextReader) -> Condition:
    parts = _read_listed(reader, _read_operand, "&&")
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _read_operand(reader: TextReader) -> Condition:
    reader.skip_blanks()
    negated = False
    while reader.accept("!"):
        negated = not negated
        reader.skip_blanks()
    condition = _read_group(reader) if reader.accept("(") else _read_relation(reader)
    return Negation(condition) if negated else condition


def _read_group(reader: TextReader) -> Condition:
    reader.descend()
    condition = _read_any_of(reader)
    reader.ascend()
    reader.expect(")")
    return condition


def _read_relation(reader: TextReader) -> Condition:
    left = _read_value(reader)
    reader.skip_blanks()
    operator = reader.match(_SYMBOL) or reader.match(_WORD)
    if operator is not None:
        return Comparison(left, _checked(reader, operator.lower()), _read_value(reader))
    if isinstance(left, Query):
        return Exists(left)
    raise reader.fault("Expected an operator")


def _checked(reader: TextReader, operator: str) -> str:
    if operator != "=~" and operator not in OPERATORS:
        raise reader.fault(f"The operator '{operator}' is not supported")
    return operator


def _read_value(reader: TextReader) -> Literal | Query:
    reader.skip_blanks()
    if reader.accept("@"):
        return Query(from_document=False, segments=read_segments(reader))
    if reader.accept("$"):
        return Query(from_document=True, segments=read_segments(reader))
    if reader.sees("/"):
        return Literal(_read_pattern(reader))
    return Literal(_read_literal(reader))


def _read_pattern(reader: TextReader) -> Pattern:
    text = reader.match(_PATTERN)
    if text is None:
        raise reader.fault("Expected a pattern")
    source, _, flags = text[1:].rpartition("/")
    return Pattern.parse(source.replace("\\/", "/"), flags)


def _read_literal(reader: TextReader) -> Json:
    if reader.sees("'") or reader.sees('"'):
        return _read_quoted(reader)
    if reader.accept("["):
        return _read_array(reader)
    if reader.sees_word():
        return reader.word()
    number = reader.number()
    if number is None:
        raise reader.fault("Expected a value")
    return number


def _read_array(reader: TextReader) -> list[Json]:
    reader.descend()
    reader.skip_blanks()
    items = () if reader.sees("]") else _read_listed(reader, _read_literal)
    reader.ascend()
    reader.expect("]")
    return list(items)
