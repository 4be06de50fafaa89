"""Say in Prometheus' format how the installation stands and what it has done."""

from asl import endpoint
from asl.usecases.metrics import Metrics, metrics


def handler(ctx, data=None):
    return endpoint.serve(metrics, Metrics, ctx, data)
