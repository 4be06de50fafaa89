"""Bring the result of a Task that waits for its token, or a sign of life."""

from asl import endpoint
from asl.usecases.signal import Signal, signal


def handler(ctx, data=None):
    return endpoint.serve(signal, Signal, ctx, data)
