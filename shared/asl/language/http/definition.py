"""What a definition says of an HTTP Task, checked as far as it says it itself."""

from __future__ import annotations

from asl.language.fields import Fields
from asl.language.http.request import READERS, REQUIRED, BadArgument, missing
from asl.language.scope import Json


def check_http_task(fields: Fields) -> None:
    """Report what is wrong whatever the data will be; the rest is known when the state runs."""
    name = "Arguments" if "Arguments" in fields else "Parameters"
    arguments = fields.value.get(name, {})
    if not isinstance(arguments, dict):  # a JSONata expression makes the whole, or it is reported
        return
    block = Fields(arguments, fields.at(name), fields.faults)
    given = {key.removesuffix(".$") for key in arguments}
    for required in REQUIRED:
        if required not in given:
            fields.report(str(missing(required)), name)
    block.exclusive("Authentication", "InvocationConfig")
    for key, value in arguments.items():
        _check(block, key, value)


def _check(block: Fields, key: str, value: Json) -> None:
    read = READERS.get(key.removesuffix(".$"))
    if read is None:
        block.report(f"The field '{key}' is not supported by Step Functions")
    elif not _is_made_of_data(key, value):
        try:
            read(value)
        except BadArgument as fault:
            block.report(str(fault), key)


def _is_made_of_data(key: str, value: Json) -> bool:
    """Whether a path or an expression makes the value, or a part of it."""
    if key.endswith(".$"):
        return True
    if isinstance(value, dict):
        return any(_is_made_of_data(name, inner) for name, inner in value.items())
    if isinstance(value, list):
        return any(_is_made_of_data("", inner) for inner in value)
    return isinstance(value, str) and value.startswith("{%")
