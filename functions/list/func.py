"""List the state machines."""

from asl import endpoint
from asl.usecases.list_machines import List, list_machines


def handler(ctx, data=None):
    return endpoint.serve(list_machines, List, ctx, data)
