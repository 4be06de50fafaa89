"""List the runs, or show one whole."""

from asl import endpoint
from asl.usecases.executions import Executions, executions


def handler(ctx, data=None):
    return endpoint.serve(executions, Executions, ctx, data)
