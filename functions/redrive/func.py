"""Go on with a run that failed."""

from asl import endpoint
from asl.usecases.redrive import Redrive, redrive


def handler(ctx, data=None):
    return endpoint.serve(redrive, Redrive, ctx, data)
