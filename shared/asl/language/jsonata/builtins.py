"""Functions of JSONata 2.0.6 that the library has wrong, without bounds, or tied to the system."""

from __future__ import annotations

import functools
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.utils import Utils

from asl.language.jsonata.faults import TOO_MUCH
from asl.language.jsonata.functions import function
from asl.language.jsonata.values import MAX_LENGTH, copy_of

if TYPE_CHECKING:
    from asl.language.jsonata.evaluation import Evaluation

_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_PREFIXED: Final = re.compile(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_ISO_8601: Final = re.compile(
    r"(?P<date>[0-9]{4}(-[01][0-9](-[0-3][0-9])?)?)"
    r"(?P<time>T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]+)?)?"
    r"(?P<zone>[+-][0-2][0-9]:?[0-5][0-9]|Z)?"
)
_MARKER: Final = re.compile(r"(?<!\[)\[[^\[]")
_PICTURE_PARTS: Final = re.compile(r"\[\[|\]\]|\[[^\]]*\]|[.*+?^${}()|\\]")


@function("now", "<s?s?:s>")
def now(run: Evaluation, picture: str | None, timezone: str | None) -> Any:
    return Functions.datetime_from_millis(run.moment, picture, timezone)


@function("millis", "<:n>")
def millis(run: Evaluation) -> int | None:
    return run.moment


@function("toMillis", "<s-s?:n>")
def to_millis(run: Evaluation, timestamp: str | None, picture: str | None) -> int | None:
    if timestamp is None:
        return None
    if picture is not None:
        return _by_picture(run, timestamp, picture)
    match = _ISO_8601.fullmatch(timestamp)
    if match is None:
        raise JException("D3110", -1, timestamp)
    date, time, zone = match["date"], match["time"] or "T00:00:00", match["zone"] or "Z"
    whole = date + "-01-01"[: 3 * (2 - date.count("-"))]
    try:
        moment = datetime.fromisoformat(whole + time + zone)
    except ValueError:
        raise JException("D3110", -1, timestamp) from None
    return (moment - _EPOCH) // _MILLISECOND


def _by_picture(run: Evaluation, timestamp: str, picture: str) -> int | None:
    """Parts of the date that the picture leaves out to the left are those of the run's moment."""
    escaped = _PICTURE_PARTS.sub(_escaped, picture)  # the library reads literals as patterns
    if run.moment is not None and _MARKER.search(picture) and not re.search(r"\[\s*[YX]", picture):
        today = _EPOCH + run.moment * _MILLISECOND
        timestamp, escaped = f"{today.year:04} {timestamp}", f"[Y0001] {escaped}"
        if not re.search(r"\[\s*[Md]", picture):
            timestamp, escaped = f"{today.month:02} {timestamp}", f"[M01] {escaped}"
            if not re.search(r"\[\s*D", picture):
                timestamp, escaped = f"{today.day:02} {timestamp}", f"[D01] {escaped}"
    parsed: int | None = Functions.datetime_to_millis(timestamp, escaped)
    return parsed


def _escaped(match: re.Match[str]) -> str:
    part = match.group()
    return part if part.startswith("[") and part != "[[" else "\\" + part


@function("string", "<x-b?:s>")
def string(run: Evaluation, value: Any, pretty: bool | None) -> str | None:
    return None if value is None else run.text(value, pretty=bool(pretty))


@function("clone", "<(oa)-:o>")
def clone(run: Evaluation, value: Any) -> Any:
    run.weigh(value)
    return None if value is None else copy_of(value)


@function("lowercase", "<s-:s>")
def lowercase(_run: Evaluation, text: str | None) -> str | None:
    return None if text is None else text.lower()


@function("pad", "<s-ns?:s>")
def pad(_run: Evaluation, text: str | None, width: float | None, char: str | None) -> str | None:
    if width is not None and abs(width) > MAX_LENGTH:
        raise JException(TOO_MUCH, -1)
    padded: str | None = Functions.pad(text, width, char)
    return padded


@function("join", "<a<s>s?:s>")
def join(_run: Evaluation, texts: list[str] | None, separator: str | None) -> str | None:
    if texts is None:
        return None
    between = separator or ""
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_LENGTH:
        raise JException(TOO_MUCH, -1)
    return between.join(texts)


@function("number", "<(nsb)-:n>")
def number(_run: Evaluation, value: Any) -> float | None:
    if isinstance(value, str):
        if _DECIMAL.fullmatch(value) and math.isfinite(cast := float(value)):
            return int(value) if value.lstrip("-").isdecimal() and len(value) < 17 else cast
        if _PREFIXED.fullmatch(value):
            return int(value, 0)
        raise JException("D3030", -1, value)
    return int(value) if isinstance(value, bool) else value


@function("sum", "<a<n>:n>")
def sum_(_run: Evaluation, numbers: list[float] | None) -> float | None:
    """Added up from left to right, as doubles (Python 3.12's sum compensates rounding)."""
    if numbers is None:
        return None
    total: float = 0
    for item in numbers:
        total += item
    return total


@function("average", "<a<n>:n>")
def average(run: Evaluation, numbers: list[float] | None) -> float | None:
    total = sum_(run, numbers)
    return None if total is None or not numbers else total / len(numbers)


@function("power", "<n-n:n>")
def power(_run: Evaluation, base: float | None, exponent: float | None) -> float | None:
    if base is None or exponent is None:
        return None
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError):
        raise JException("D3061", -1, base, exponent) from None


@function("shuffle", "<a:a>")
def shuffle(run: Evaluation, items: list[Any] | None) -> list[Any] | None:
    return None if items is None else run.random.sample(items, len(items))


@function("distinct", "<x:x>")
def distinct(run: Evaluation, items: Any) -> Any:
    """The first of each equal value; the library compares every pair, and takes true for 1."""
    if not isinstance(items, list) or len(items) <= 1:
        return items
    run.weigh(items)
    kept: dict[Any, Any] = {}
    for item in items:
        kept.setdefault(_identity(run, item), item)
    ordered = list(kept.values())
    return Utils.create_sequence_from_iter(ordered) if isinstance(items, Utils.JList) else ordered


def _identity(run: Evaluation, value: Any) -> Any:
    if isinstance(value, dict):
        return "o", frozenset((name, _identity(run, item)) for name, item in value.items())
    if isinstance(value, list):
        return "a", tuple(_identity(run, item) for item in value)
    return isinstance(value, bool), value


@function("sort", "<af?:a>")
def sort(_run: Evaluation, items: list[Any] | None, comparator: Any) -> list[Any] | None:
    """Stable; the comparator says whether its first argument comes after its second."""
    if items is None or len(items) <= 1:
        return items
    if comparator is not None:
        return sorted(items, key=functools.partial(_Ordered, comparator))
    if not (Utils.is_array_of_numbers(items) or Utils.is_array_of_strings(items)):
        raise JException("D3070", -1)
    return sorted(items)


class _Ordered:
    """An item that is less than another when the comparator puts the other after it."""

    __slots__ = ("comparator", "item")

    def __init__(self, comparator: Any, item: Any) -> None:
        self.comparator = comparator
        self.item = item

    def __lt__(self, other: _Ordered) -> bool:
        return bool(Functions.func_apply(self.comparator, [other.item, self.item]))
