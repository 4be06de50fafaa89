"""Does what its input says: sleep, fail by name, raise, or note that it was called."""

import json
import time
from pathlib import Path

from fdk import response


def handler(ctx, data=None):
    order = json.loads(data.getvalue())
    if "note" in order:
        with Path(order["note"]).open("a") as notes:
            token = f" {order['token']}" if "token" in order else ""
            notes.write(ctx.Headers()["idempotency-key"] + token + "\n")
    time.sleep(order.get("sleep", 0))
    headers = {"Content-Type": "application/json"}
    if "fail" in order:
        until = order.get("fail_until", 1_000_000)
        if int(ctx.Headers()["fn-states-attempt"]) < until:
            headers["Fn-Task-Error"] = order["fail"]
            return response.Response(ctx, response_data="as told", headers=headers)
    if order.get("raise"):
        raise ValueError("as told")
    return response.Response(ctx, response_data=json.dumps(order.get("answer")), headers=headers)
