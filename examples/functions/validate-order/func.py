"""Check an order before anything is done for it: its lines, its amounts, where it goes."""

import json

from fdk.response import Response


def handler(ctx, data=None):
    order = json.loads(data.getvalue())
    if problem := find_problem(order):
        return Response(ctx, problem, {"Fn-Task-Error": "InvalidOrder"})
    lines = order["lines"]
    checked = {
        "total_cents": sum(line["quantity"] * line["price_cents"] for line in lines),
        "articles": sum(line["quantity"] for line in lines),
    }
    return Response(ctx, json.dumps(checked), {"Content-Type": "application/json"})


def find_problem(order):
    """What is wrong with an order, in words for the person who sent it; None when nothing is."""
    if "@" not in order.get("email", ""):
        return "the order has no email address to confirm to"
    if not order.get("lines"):
        return "the order has no lines"
    for number, line in enumerate(order["lines"], start=1):
        for amount in ("quantity", "price_cents"):
            if not isinstance(line.get(amount), int) or line[amount] < 1:
                return f"line {number}: {amount} must be a whole number above 0"
    return None
