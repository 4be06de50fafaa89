"""The functions that Step Functions adds to JSONata [developer guide: transforming-data]."""

from __future__ import annotations

import hashlib
import math
from random import Random
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from jsonata.jexception import JException
from jsonata.utils import Utils

from asl.language import jsontext
from asl.language.errors import AslError
from asl.language.jsonata.functions import function
from asl.language.jsonata.values import MAX_LENGTH, admit

if TYPE_CHECKING:
    from asl.language.jsonata.evaluation import Evaluation

_ALGORITHMS: Final = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}
_RAISED: Final = "D3137"  # the code of $error: the text is the caller's


@function("partition", "<an:a>")
def partition(_run: Evaluation, items: list[Any] | None, size: float | None) -> Any:
    """Chunks of `size`; a single chunk stays an array in an array (recorded)."""
    if items is None or size is None:
        return None
    step = math.floor(size)
    if step < 1:
        raise JException(_RAISED, -1, "Second argument of partition function must be at least 1")
    return [list(items[start : start + step]) for start in range(0, len(items), step)]


@function("range", "<nnn:a>")
def range_(run: Evaluation, start: float | None, end: float | None, step: float | None) -> Any:
    """From start to end, both included; one item alone is that item (recorded)."""
    if start is None or end is None or step is None:
        return None
    stride = math.floor(step)
    if stride == 0:
        raise JException(_RAISED, -1, "Third argument of range function must not be 0")
    last = math.floor(end) + (1 if stride > 0 else -1)
    numbers = range(math.floor(start), last, stride)
    if len(numbers) > MAX_LENGTH:
        raise JException("D2014", -1, len(numbers))
    run.spend(len(numbers) >> 6)
    return Utils.create_sequence_from_iter(numbers)


@function("hash", "<x-s:s>")
def hash_(run: Evaluation, data: Any, algorithm: str | None) -> str | None:
    """The digest in lower-case hexadecimal of a text's UTF-8, or of a value's JSON text."""
    if data is None or algorithm is None:
        return None
    if algorithm not in _ALGORITHMS:
        known = ", ".join(_ALGORITHMS)
        raise JException(_RAISED, -1, f"Second argument of hash function must be one of {known}")
    return _ALGORITHMS[algorithm](run.text(data).encode()).hexdigest()


@function("random", "<n?:n>")
def random(run: Evaluation, seed: float | None) -> float:
    """0 <= n < 1; the same for the same seed."""
    return run.random.random() if seed is None else Random(math.floor(seed)).random()


@function("uuid", "<:s>")
def uuid(run: Evaluation) -> str:
    return str(UUID(int=run.random.getrandbits(128), version=4))


@function("parse", "<s-:x>")
def parse(_run: Evaluation, text: str | None) -> Any:
    """The value of a JSON text."""
    if text is None:
        return None
    try:
        return admit(jsontext.loads(text))
    except (ValueError, AslError):
        message = "The argument of the parse function must be a valid JSON text"
        raise JException(_RAISED, -1, message) from None
