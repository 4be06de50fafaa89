"""Tell the customer that the order is on its way; the message is answered instead of sent."""

import json

from fdk.response import Response


def handler(ctx, data=None):
    order = json.loads(data.getvalue())
    message = {
        "to": order["email"],
        "subject": f"Order {order['order_id']} leaves by {order['carrier']}",
    }
    return Response(ctx, json.dumps(message), {"Content-Type": "application/json"})
