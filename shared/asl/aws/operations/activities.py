"""Activities: created, described, listed, deleted."""

from __future__ import annotations

from typing import Any

from asl.aws import errors
from asl.aws.arns import parse_arn
from asl.aws.call import Call, seconds
from asl.aws.operations.configuration import check_encryption
from asl.aws.operations.machines import named
from asl.aws.operations.tags import read_tags
from asl.aws.targets import is_own
from asl.store.tables import Activity


def create_activity(call: Call) -> dict[str, Any]:
    """Idempotent by name; tags of an equal request are ignored."""
    members = call.members
    named(members["name"])
    check_encryption(members)
    tags = read_tags(members.get("tags", ()))
    activity = call.store.activities.create(members["name"], tags, call.services.now())
    return {
        "activityArn": call.arns.activity(activity.name),
        "creationDate": seconds(activity.created_at),
    }


def delete_activity(call: Call) -> dict[str, Any]:
    """What is not there is as good as deleted (recorded)."""
    arn = parse_arn(call.members["activityArn"], "activity")
    if is_own(call, arn):
        call.store.activities.delete(arn.name)
    return {}


def describe_activity(call: Call) -> dict[str, Any]:
    return _view(call, find_activity(call, call.members["activityArn"]))


def find_activity(call: Call, text: str) -> Activity:
    """The activity an ARN names; InvalidArn, ActivityDoesNotExist."""
    arn = parse_arn(text, "activity")
    activity = call.store.activities.find(arn.name) if is_own(call, arn) else None
    if activity is None:
        raise errors.activity_does_not_exist(text)
    return activity


def list_activities(call: Call) -> dict[str, Any]:
    """By name."""
    found = call.store.activities.page(per_page=call.page_size + 1, after=call.page_key)

    def view(activity: Activity) -> dict[str, Any]:
        return _view(call, activity)

    return call.page("activities", list(found), lambda activity: str(activity.name), view)


def _view(call: Call, activity: Activity) -> dict[str, Any]:
    return {
        "activityArn": call.arns.activity(activity.name),
        "name": activity.name,
        "creationDate": seconds(activity.created_at),
    }
