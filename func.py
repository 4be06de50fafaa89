"""The front door: AWS's Step Functions API, and a page for browsers."""

from asl import front_door


def handler(ctx, data=None):
    return front_door.serve_front_door(ctx, data)
