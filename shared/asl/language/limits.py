"""How large the data of a run may become, and what a state fails with beyond it."""

from __future__ import annotations

from collections.abc import Iterable

from asl.language import jsontext
from asl.language.document import Document
from asl.language.errors import DATA_LIMIT_EXCEEDED, StateError, runtime_fault
from asl.language.jsontext import InvalidJson

DATA_LIMIT = 262_144  # bytes of one input, output, result or Assign, as UTF-8
VARIABLES_LIMIT = 10 * 1024 * 1024  # bytes of all variables together


def data_limit_exceeded(subject: str, size: int, limit: int) -> StateError:
    """AWS's sentence, which does not say how large is too large (recorded), and one that does."""
    return StateError(
        DATA_LIMIT_EXCEEDED,
        f"{_recorded_cause(subject)} It has {size} bytes; at most {limit} are allowed.",
    )


def _recorded_cause(subject: str) -> str:
    return (
        f"The state/task '{subject}' returned a result with a size exceeding the maximum number "
        "of bytes service limit."
    )


def check_size(
    subject: str, document: Document, limit: int = DATA_LIMIT, *, as_recorded: bool = False
) -> None:
    """StateError for a document over `limit`, or one that JSON cannot hold (nested too deeply).

    subject: whose it is, as the cause names it: a state, a service, or a function's ARN.
    as_recorded: the cause is AWS's to the letter, and does not tell the size.
    """
    try:
        exceeds = document.exceeds(limit)
    except InvalidJson as fault:
        raise _unwritable(fault) from fault
    if exceeds:
        if as_recorded:
            raise StateError(DATA_LIMIT_EXCEEDED, _recorded_cause(subject))
        raise data_limit_exceeded(subject, jsontext.size(document.value), limit)


def joined(texts: Iterable[str]) -> Document:
    """The array of some JSON texts, as they are; StateError where it would nest too deeply."""
    text = f"[{','.join(texts)}]"
    if text.count("[") + text.count("{") > jsontext.MAX_DEPTH:
        try:
            jsontext.loads(text)
        except InvalidJson as fault:
            raise _unwritable(fault) from fault
    return Document.read(text)


def _unwritable(fault: InvalidJson) -> StateError:
    return runtime_fault(f"The data cannot be written as JSON: {fault}.")
