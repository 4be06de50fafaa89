"""Store a state machine with its first version."""

from asl import endpoint
from asl.usecases.create import Create, create


def handler(ctx, data=None):
    return endpoint.serve(create, Create, ctx, data)
