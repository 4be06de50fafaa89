"""Start a run of a state machine."""

from asl import endpoint
from asl.usecases.invoke import Invoke, invoke


def handler(ctx, data=None):
    return endpoint.serve(invoke, Invoke, ctx, data)
