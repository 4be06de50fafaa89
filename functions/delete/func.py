"""Delete a state machine."""

from asl import endpoint
from asl.usecases.delete import Delete, delete


def handler(ctx, data=None):
    return endpoint.serve(delete, Delete, ctx, data)
