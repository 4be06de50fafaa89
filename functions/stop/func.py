"""End a run and everything in it."""

from asl import endpoint
from asl.usecases.stop import Stop, stop


def handler(ctx, data=None):
    return endpoint.serve(stop, Stop, ctx, data)
