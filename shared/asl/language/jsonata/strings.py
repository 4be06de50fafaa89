"""$match, $contains, $split and $replace: the functions that take a regular expression."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.utils import Utils

from asl.language.jsonata.faults import TOO_MUCH
from asl.language.jsonata.functions import function
from asl.language.jsonata.regex import Pattern
from asl.language.jsonata.values import MAX_LENGTH

if TYPE_CHECKING:
    from asl.language.jsonata.evaluation import Evaluation


@function("contains", "<s-(sf):b>")
def contains(run: Evaluation, text: str | None, token: Any) -> bool | None:
    if text is None or token is None:
        return None
    if isinstance(token, str):
        return token in text
    return next(_matches(run, token, text), None) is not None


@function("match", "<s-f<s:o>n?:a<o>>")
def match(run: Evaluation, text: str | None, pattern: Any, limit: float | None) -> Any:
    if text is None:
        return None
    found = itertools.islice(_matches(run, pattern, text), _count(limit, "D3040"))
    return Utils.create_sequence_from_iter(
        {"match": each["match"], "index": each["start"], "groups": each["groups"]} for each in found
    )


@function("split", "<s-(sf)n?:a<s>>")
def split(run: Evaluation, text: str | None, separator: Any, limit: float | None) -> Any:
    if text is None:
        return None
    count = _count(limit, "D3020")
    if count == 0:
        return []
    if isinstance(separator, str):
        pieces = text.split(separator) if separator else list(text)
        return pieces if limit is None else pieces[: int(limit)]
    pieces = []
    start = 0
    for each in itertools.islice(_matches(run, separator, text), count):
        pieces.append(text[start : each["start"]])
        start = each["end"]
    return pieces if len(pieces) == count else [*pieces, text[start:]]


@function("replace", "<s-(sf)(sf)n?:s>")
def replace(
    run: Evaluation, text: str | None, pattern: Any, replacement: Any, limit: float | None
) -> str | None:
    if text is None:
        return None
    if pattern == "":
        raise JException("D3010", -1)
    count = _count(limit, "D3011")
    if isinstance(pattern, str) and isinstance(replacement, str):
        times = text.count(pattern) if count is None else min(count, text.count(pattern))
        if len(text) + times * len(replacement) > MAX_LENGTH:
            raise JException(TOO_MUCH, -1)
        return text.replace(pattern, replacement, -1 if count is None else count)
    parts: list[str] = []
    start = length = 0
    for each in itertools.islice(_matches(run, pattern, text), count):
        parts += [text[start : each["start"]], _substitute(replacement, each)]
        length += len(parts[-1])
        if length > MAX_LENGTH:
            raise JException(TOO_MUCH, -1)
        start = each["end"]
    return "".join([*parts, text[start:]])


def _count(limit: float | None, code: str) -> int | None:
    if limit is not None and limit < 0:
        raise JException(code, -1, limit)
    return None if limit is None else math.ceil(min(limit, MAX_LENGTH))


def _matches(run: Evaluation, matcher: Any, text: str) -> Iterator[dict[str, Any]]:
    """Every match as {match, start, end, groups}; each is paid for.

    The matcher is a regular expression, a text, or a function that answers like one (T1010 if not).
    """
    run.spend(len(text) >> 6)
    if isinstance(matcher, Pattern):
        for found in matcher.finditer(text):
            run.spend(1)
            yield {
                "match": found.group(),
                "start": found.start(),
                "end": found.end(),
                "groups": list(found.groups()),
            }
        return
    answer = Functions.func_apply(matcher, [text])
    while answer is not None:
        run.spend(1)
        if not isinstance(answer, dict) or not {"match", "start", "end", "groups"} <= set(answer):
            raise JException("T1010", -1)
        yield answer
        answer = Functions.func_apply(answer["next"], []) if "next" in answer else None


def _substitute(replacement: Any, found: dict[str, Any]) -> str:
    if isinstance(replacement, str):
        return _expanded(replacement, found) if "$" in replacement else replacement
    result = Functions.func_apply(replacement, [found])
    if not isinstance(result, str):
        raise JException("D3012", -1, result)
    return result


def _expanded(replacement: str, found: dict[str, Any]) -> str:
    """The replacement with `$$`, `$0` (the match) and `$1` … (its groups) filled in."""
    head, *rest = replacement.split("$")
    parts = [head]
    pieces = iter(rest)
    for piece in pieces:
        if piece == "":  # the second `$` of `$$`, or the end of the text
            parts += ["$", next(pieces, "")]
        else:
            parts.append(_group(piece, found))
    return "".join(parts)


def _group(piece: str, found: dict[str, Any]) -> str:
    """What follows a single `$`: the longest number that names a group, and the text after it."""
    groups = found["groups"]
    if piece[0] == "0":
        return str(found["match"]) + piece[1:]
    digits = len(str(len(groups))) if groups else 1
    while digits and not piece[:digits].isdecimal():
        digits -= 1
    if digits > 1 and int(piece[:digits]) > len(groups):
        digits -= 1
    if not digits:
        return "$" + piece
    number = int(piece[:digits])
    value = groups[number - 1] if 0 < number <= len(groups) else None
    return (value or "") + piece[digits:]
