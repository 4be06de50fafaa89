"""Show what a run has done, state by state."""

from asl import endpoint
from asl.usecases.steps import Steps, steps


def handler(ctx, data=None):
    return endpoint.serve(steps, Steps, ctx, data)
