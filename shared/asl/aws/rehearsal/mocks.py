"""What stands in for the work of a state: a result, or an error; checked as AWS checks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from asl.aws import errors
from asl.aws.rehearsal.subject import Subject
from asl.language import jsontext
from asl.language.recovery import Failure
from asl.language.resources import Pattern
from asl.language.states.task import Task

MOCKED = ("Task", "Map", "Parallel")
STRICT, NONE = "STRICT", "NONE"


@dataclass(frozen=True, slots=True)
class Mock:
    """text: of the result, echoed to the letter where it comes out unchanged (recorded)."""

    text: str = ""
    result: Any = None
    failure: Failure | None = None


def read_mock(members: Mapping[str, Any], subject: Subject) -> Mock | None:
    """The mock of a request; ValidationException when it does not suit the state."""
    given = members.get("mock")
    if given is None:
        return None
    if subject.type not in MOCKED:
        raise errors.validation(
            f"State type '{subject.type}' is not supported when a mock is specified"
        )
    if "errorOutput" in given:
        output = given["errorOutput"]
        return Mock(failure=Failure(output.get("error"), output.get("cause")))
    text = given.get("result", "null")
    result = _read(text)
    _check_result(subject, result)
    _check_fields(subject, result, given.get("fieldValidationMode", STRICT))
    return Mock(text, result)


def _read(text: str) -> Any:
    try:
        return jsontext.loads(text)
    except jsontext.InvalidJson as fault:
        raise errors.validation("Mocked result must be valid JSON") from fault


def _check_result(subject: Subject, result: Any) -> None:
    """What branches and iterations make together is an array; ResultWriter makes an object."""
    if subject.type == "Task":
        return
    if subject.type == "Map" and "ResultWriter" in subject.definition:
        if not isinstance(result, dict):
            raise errors.validation("Mocked result must be a JSON object.")
        return
    if not isinstance(result, list):
        raise errors.validation("Mocked result must be an array.")
    if subject.type == "Parallel" and len(result) != len(subject.definition["Branches"]):
        raise errors.validation(
            "Mocked result must contain the same number of items as number of Parallel branches."
        )


def _check_fields(subject: Subject, result: Any, mode: str) -> None:
    """STRICT: required fields and types; PRESENT: types of what is there; NONE: nothing."""
    if mode == NONE or not isinstance(subject.state, Task):
        return
    resource = subject.state.resource
    integration = f"{resource.service}:{resource.action}"
    known = _model()["integrations"]
    if integration in known and resource.pattern is Pattern.REQUEST_RESPONSE:
        if resource.calls_function and not resource.names_function:
            return
        _check(known[integration], result, "", required=mode == STRICT)


@lru_cache(maxsize=1)
def _model() -> dict[str, Any]:
    path = Path(__file__).parent / "results.json"
    model: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return model


_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "string": ("a string", (str,)),
    "blob": ("a string", (str,)),
    "timestamp": ("a string", (str,)),
    "integer": ("a number", (int, float)),
    "long": ("a number", (int, float)),
    "float": ("a number", (int, float)),
    "double": ("a number", (int, float)),
    "boolean": ("a boolean", (bool,)),
    "list": ("an array", (list,)),
    "map": ("an object", (dict,)),
    "structure": ("an object", (dict,)),
}


def _check(name: str, value: Any, field: str, *, required: bool) -> None:
    shape = _model()["shapes"][name]
    kind, types = _KINDS[shape["type"]]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        subject = f"Field '{field}'" if field else "The result"
        raise _unlike(f"{subject} must be {kind}")
    if isinstance(value, list):
        for item in value:
            _check(shape["member"], item, field, required=required)
    elif isinstance(value, dict):
        _check_members(shape, value, required=required)


def _check_members(shape: Mapping[str, Any], value: dict[str, Any], *, required: bool) -> None:
    if "value" in shape:
        for key, inner in value.items():
            _check(shape["value"], inner, key, required=required)
        return
    for member in shape.get("required", ()) if required else ():
        if member not in value:
            raise _unlike(f"Required field '{member}' is missing")
    for member, inner in shape.get("members", {}).items():
        if value.get(member) is not None:
            _check(inner, value[member], member, required=required)


def _unlike(reason: str) -> errors.AwsError:
    return errors.validation(f"Mock result schema validation error: {reason}")
