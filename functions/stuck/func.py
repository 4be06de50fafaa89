"""List what does not go on by itself, or should long have gone on."""

from asl import endpoint
from asl.usecases.stuck import Stuck, stuck


def handler(ctx, data=None):
    return endpoint.serve(stuck, Stuck, ctx, data)
