"""See that what has come due is done."""

from asl import endpoint
from asl.usecases.timer import Tick, tick


def handler(ctx, data=None):
    return endpoint.serve(tick, Tick, ctx, data)
