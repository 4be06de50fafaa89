"""A task: what an order costs."""

import json

from fdk.response import Response


def handler(ctx, data=None):
    lines = json.loads(data.getvalue())["lines"]
    if not lines:
        return Response(ctx, "there is no line", {"Fn-Task-Error": "InvalidOrder"})
    total = sum(line["amount"] * line["cents"] for line in lines)
    return Response(ctx, json.dumps({"total_cents": total}), {"Content-Type": "application/json"})
