"""The 18 intrinsic functions [Developer Guide, intrinsic-functions; results recorded on AWS].

Each takes converted arguments and gives a JSON value; Misuse says why it could not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Hashable
from random import Random
from uuid import UUID

from asl.language.jsonpath.intrinsic_signatures import (
    FormatText,
    Misuse,
    anything,
    array,
    boolean,
    data,
    data_string,
    integer,
    intrinsic,
    object_,
    string,
    template,
)
from asl.language.jsontext import InvalidJson, compact, loads
from asl.language.scope import Json
from asl.language.values import equal, identity

LARGEST_RANGE = 1000
_SMALLEST_SUM, _LARGEST_SUM = -(2**31), 2**31 - 1
_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


@intrinsic("Format", template, rest=anything)
def format_(template: FormatText, *arguments: Json) -> str:
    pieces = template.pieces
    if len(pieces) != len(arguments) + 1:
        raise Misuse(f"{len(pieces) - 1} placeholders, but {len(arguments)} arguments")
    shown = (_java_text(value) + piece for value, piece in zip(arguments, pieces[1:], strict=True))
    return pieces[0] + "".join(shown)


def _java_text(value: Json) -> str:
    """A value as Java prints it: strings bare, objects as `{a=1, b=[]}` (recorded on AWS)."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(_java_text(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java_text(item)}" for key, item in value.items()) + "}"
    return compact(value)


@intrinsic("StringToJson", string)
def string_to_json(text: str) -> Json:
    """A blank text is null (recorded on AWS)."""
    if not text.strip():
        return None
    try:
        return loads(text)
    except InvalidJson as fault:
        raise Misuse(f"the string is not valid JSON: {fault}") from fault


@intrinsic("JsonToString", anything)
def json_to_string(value: Json) -> str:
    return compact(value)


@intrinsic("Array", rest=anything)
def array_of(*items: Json) -> list[Json]:
    return list(items)


@intrinsic("ArrayPartition", array, integer)
def array_partition(items: list[Json], size: int) -> list[Json]:
    if size < 1:
        raise Misuse(f"the chunk size must be at least 1, but was {size}")
    return [items[start : start + size] for start in range(0, len(items), size)]


@intrinsic("ArrayContains", array, anything)
def array_contains(items: list[Json], value: Json) -> bool:
    return any(equal(item, value) for item in items)


@intrinsic("ArrayRange", integer, integer, integer)
def array_range(first: int, last: int, step: int) -> list[int]:
    """The end is in it when a step falls on it."""
    if step == 0:
        raise Misuse("the step must not be 0")
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if len(numbers[: LARGEST_RANGE + 1]) > LARGEST_RANGE:
        raise Misuse(f"the range has more than {LARGEST_RANGE} elements")
    return list(numbers)


@intrinsic("ArrayGetItem", array, integer)
def array_get_item(items: list[Json], index: int) -> Json:
    if not 0 <= index < len(items):
        raise Misuse(f"the index {index} is outside an array of {len(items)} elements")
    return items[index]


@intrinsic("ArrayLength", array)
def array_length(items: list[Json]) -> int:
    return len(items)


@intrinsic("ArrayUnique", array)
def array_unique(items: list[Json]) -> list[Json]:
    """The first of equals stays."""
    first: dict[Hashable, Json] = {}
    for item in items:
        first.setdefault(identity(item), item)
    return list(first.values())


@intrinsic("Base64Encode", data_string)
def base64_encode(text: str) -> str:
    return base64.b64encode(text.encode(errors="replace")).decode("ascii")


@intrinsic("Base64Decode", data_string)
def base64_decode(text: str) -> str:
    """Padding may be missing, as Java's decoder allows."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, ValueError) as fault:
        raise Misuse("the string is not the Base64 form of a text") from fault


@intrinsic("Hash", data, string)
def hash_(text: str, algorithm: str) -> str:
    if algorithm not in _ALGORITHMS:
        raise Misuse(f"the algorithm must be one of {', '.join(_ALGORITHMS)}")
    return hashlib.new(_ALGORITHMS[algorithm], text.encode(errors="replace")).hexdigest()


@intrinsic("JsonMerge", object_, object_, boolean)
def json_merge(first: dict[str, Json], second: dict[str, Json], deep: bool) -> dict[str, Json]:
    """Members of the second object replace those of the first whole."""
    if deep:
        raise Misuse("deep merging is not supported; the third argument must be false")
    return {**first, **second}


@intrinsic("MathRandom", integer, integer, optional=(integer,), random=True)
def math_random(random: Random, start: int, end: int, seed: int | None = None) -> int:
    """From `start` to just below `end`; the same seed gives the same number."""
    if start >= end:
        raise Misuse(f"the start {start} must be less than the end {end}")
    source = random if seed is None else Random(seed)
    return source.randrange(start, end)


@intrinsic("MathAdd", integer, integer)
def math_add(left: int, right: int) -> int:
    for number in (left, right, left + right):
        if not _SMALLEST_SUM <= number <= _LARGEST_SUM:
            raise Misuse(f"{number} is not between {_SMALLEST_SUM} and {_LARGEST_SUM}")
    return left + right


@intrinsic("StringSplit", string, string)
def string_split(text: str, delimiters: str) -> list[str]:
    """Every character of the second argument splits; empty pieces fall away."""
    pieces = re.split(f"[{re.escape(delimiters)}]", text) if delimiters else [text]
    return [piece for piece in pieces if piece]


@intrinsic("UUID", random=True)
def uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
