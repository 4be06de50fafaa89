"""Move one operation one transition forward, then invite the next runner."""

from asl import endpoint
from asl.usecases.advance import Advance, advance


def handler(ctx, data=None):
    return endpoint.serve(advance, Advance, ctx, data)
