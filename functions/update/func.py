"""Give a state machine a new version."""

from asl import endpoint
from asl.usecases.update import Update, update


def handler(ctx, data=None):
    return endpoint.serve(update, Update, ctx, data)
