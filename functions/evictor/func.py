"""Remove the runs whose retention is over."""

from asl import endpoint
from asl.usecases.evict import Evict, evict


def handler(ctx, data=None):
    return endpoint.serve(evict, Evict, ctx, data)
