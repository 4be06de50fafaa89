"""Tags of state machines and activities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from asl.aws import errors
from asl.aws.arns import Arn, parse_arn
from asl.aws.call import Call
from asl.aws.targets import find_living, is_own
from asl.language import jsontext
from asl.usecases.create import MOST_TAGS

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Something that has tags, and how others are given to it: False where it has others now."""

    tags: Tags
    keep: Callable[[Tags], bool]


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
        found = {"stateMachine": _machine, "activity": _activity}.get(arn.type, _none)(call, arn)
    if found is None:
        raise errors.resource_not_found(text)
    return found


def _machine(call: Call, arn: Arn) -> Tagged | None:
    machine = find_living(call, arn)
    if machine is None:
        return None
    id_, before = machine.id, jsontext.loads(machine.tags)
    return Tagged(before, lambda tags: call.store.machines.set_tags(id_, tags, before))


def _activity(call: Call, arn: Arn) -> Tagged | None:
    name = arn.name
    activity = call.store.activities.find(name)
    if activity is None:
        return None
    before = jsontext.loads(activity.tags)
    return Tagged(before, lambda tags: call.store.activities.set_tags(name, tags, before))


def _none(_call: Call, _arn: Arn) -> Tagged | None:
    return None


def tag_resource(call: Call) -> dict[str, Any]:
    return _change(call, lambda tags: tags | read_tags(call.members["tags"]))


def untag_resource(call: Call) -> dict[str, Any]:
    gone = set(call.members["tagKeys"])
    return _change(call, lambda tags: {key: tags[key] for key in tags if key not in gone})


def _change(call: Call, change: Callable[[Tags], Tags]) -> dict[str, Any]:
    """Give a thing other tags, made anew when somebody else was faster."""
    while True:
        found = _tagged(call)
        tags = change(found.tags)
        _check(tags)
        if tags == found.tags or found.keep(tags):
            return {}


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    found = _tagged(call)
    return {"tags": [{"key": key, "value": value} for key, value in found.tags.items()]}
