"""What several actions check the same way."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from asl.language import jsontext
from asl.language.errors import DefinitionError
from asl.language.machine import STANDARD, Machine, parse_machine
from asl.store.store import Store
from asl.store.tables import StateMachine
from asl.usecases.definitions import OFFERED
from asl.usecases.errors import (
    InvalidDefinition,
    InvalidInput,
    PayloadTooLarge,
    StateMachineDoesNotExist,
)

PerPage = Annotated[int, Meta(ge=1, le=100)]
RetentionDays = Annotated[int, Meta(ge=1, le=30)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
DEFAULT_PER_PAGE = 30

_FORBIDDEN = re.compile(r"[\s?*<>{}\[\]\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


class Command(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The root of all commands: an unknown field is a mistake, and is named."""


def check_name(field: str, name: str) -> None:
    """A name of 1 to 80 characters that AWS would take too."""
    if not 1 <= len(name) <= 80 or _FORBIDDEN.search(name):
        raise InvalidInput(
            f"{field}: a name has 1 to 80 characters, without blanks, control characters "
            'and ?*<>{}[]"#%\\^|~`$&,;:/'
        )


def definition_text(definition: dict[str, Any] | str) -> str:
    """The text that is stored; a text is kept to the letter."""
    return definition if isinstance(definition, str) else jsontext.dumps(definition)


def check_definition(
    text: str, type_: str = STANDARD, registry: Mapping[str, str] | None = None
) -> Machine:
    """The parsed definition; InvalidDefinition lists its faults. registry: setting RESOURCES."""
    try:
        return parse_machine(text, type_, registry, services=OFFERED)
    except DefinitionError as faults:
        raise InvalidDefinition(faults.diagnostics) from faults


def check_payload(field: str, text: str, limit: int) -> None:
    """Refuse a JSON text whose value is larger than `limit` bytes of UTF-8."""
    if len(text) > limit and (size := jsontext.size(jsontext.loads(text))) > limit:
        raise PayloadTooLarge(f"{field} has {size} bytes; at most {limit} are accepted")


def find_machine(store: Store, reference: str) -> tuple[StateMachine, int]:
    """A machine by id, by name, or by `name:version`; with the version that is meant."""
    name, colon, number = reference.rpartition(":")
    if colon and number.isascii() and number.isdecimal():
        machine = store.machines.find(name)
        if machine is not None and store.machines.definition(machine.id, int(number)) is not None:
            return machine, int(number)
    else:
        machine = store.machines.find(reference)
        if machine is not None:
            return machine, int(machine.active_version)
    raise StateMachineDoesNotExist(
        f"state_machine: there is no state machine '{reference}'; give an id, a name or "
        "name:version as `list` shows them"
    )


def encode_cursor(key: str) -> str:
    """The place after `key` in a list, opaque, as Fn writes it."""
    return base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as fault:
        raise InvalidInput("cursor: it must be the next_cursor of the page before") from fault


def page(items: list[dict[str, Any]], per_page: int, last_key: str | None) -> dict[str, Any]:
    """A page of a list; `next_cursor` is there exactly when the page is full."""
    answer: dict[str, Any] = {"items": items}
    if last_key is not None and len(items) == per_page:
        answer["next_cursor"] = encode_cursor(last_key)
    return answer
