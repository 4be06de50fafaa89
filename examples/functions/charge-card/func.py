"""Charge a card. The network to the bank fails now and then; a card may be declined.

The failures are made up and repeatable: an order whose number ends in 1 is refused by the network
once, one ending in 2 twice, and so on in threes (3, 6, 9 and 0 go through at once).

A call may be delivered more than once, so the charge is keyed by the `idempotency-key` header: a
redelivered attempt gets the receipt of the first. Here the receipt is derived from the key; a real
function hands the key to its payment provider, which keeps it with the charge.
"""

import hashlib
import json

from fdk.response import Response


def handler(ctx, data=None):
    charge = json.loads(data.getvalue())
    headers = ctx.Headers()
    attempt = int(headers.get("fn-states-attempt", 1))
    if attempt <= failures_before_success(charge["order_id"]):
        cause = f"the bank did not answer attempt {attempt}; nothing was charged"
        return Response(ctx, cause, {"Fn-Task-Error": "CardNetworkError"})
    if charge["card"] == "tok_declined":
        return Response(ctx, "insufficient funds", {"Fn-Task-Error": "CardDeclined"})
    key = headers.get("idempotency-key", charge["order_id"])
    receipt = {
        "receipt": "R-" + hashlib.sha256(key.encode()).hexdigest()[:10],
        "charged_cents": charge["amount_cents"],
    }
    return Response(ctx, json.dumps(receipt), {"Content-Type": "application/json"})


def failures_before_success(order_id):
    last = order_id[-1:]
    return int(last) % 3 if last.isdecimal() else 0
