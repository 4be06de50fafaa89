"""Tags of state machines and activities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from asl.aws import errors
from asl.aws.arns import parse_arn
from asl.aws.call import Call
from asl.aws.targets import is_own
from asl.language import jsontext
from asl.usecases.create import MOST_TAGS

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Something that has tags, and how others are given to it."""

    tags: Tags
    keep: Callable[[Tags], None]


def read_tags(given: Iterable[Mapping[str, str]]) -> Tags:
    """Tags by key from a request's list of `{key, value}`; TooManyTags, ValidationException."""
    tags = {tag.get("key", ""): tag.get("value", "") for tag in given}
    _check(tags)
    for key in tags:
        if key.lower().startswith("aws:"):
            raise errors.validation("aws: prefixed tag key names are not allowed for external use.")
    return tags


def _check(tags: Tags) -> None:
    if len(tags) > MOST_TAGS:
        raise errors.AwsError("TooManyTags", f"A resource has at most {MOST_TAGS} tags")


def _tagged(call: Call) -> Tagged:
    text = call.members["resourceArn"]
    arn = parse_arn(text, "stateMachine", "activity", "execution", "express", "mapRun")
    found = None
    if is_own(call, arn) and arn.qualifier is None:
        found = {"stateMachine": _machine, "activity": _activity}.get(arn.type, _none)(
            call, arn.name
        )
    if found is None:
        raise errors.resource_not_found(text)
    return found


def _machine(call: Call, name: str) -> Tagged | None:
    machine = call.store.machines.find(name)
    if machine is None:
        return None
    id_ = machine.id
    return Tagged(
        jsontext.loads(machine.tags), lambda tags: call.store.machines.set_tags(id_, tags)
    )


def _activity(call: Call, name: str) -> Tagged | None:
    activity = call.store.activities.find(name)
    if activity is None:
        return None
    return Tagged(
        jsontext.loads(activity.tags), lambda tags: call.store.activities.set_tags(name, tags)
    )


def _none(_call: Call, _name: str) -> Tagged | None:
    return None


def tag_resource(call: Call) -> dict[str, Any]:
    found = _tagged(call)
    tags = found.tags | read_tags(call.members["tags"])
    _check(tags)
    found.keep(tags)
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    found = _tagged(call)
    gone = set(call.members["tagKeys"])
    found.keep({key: value for key, value in found.tags.items() if key not in gone})
    return {}


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    found = _tagged(call)
    return {"tags": [{"key": key, "value": value} for key, value in found.tags.items()]}
