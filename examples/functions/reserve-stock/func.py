"""Set aside what an order needs, all of it or nothing.

The shelves stand in for a stock database. The reservation's id follows from the order and the
article, so asking again for the same order answers the same reservations.
"""

import json

from fdk.response import Response

SHELVES = {"mug": ("A1", 40), "teapot": ("A2", 12), "kettle": ("B7", 3), "tray": ("C4", 9)}


def handler(ctx, data=None):
    order = json.loads(data.getvalue())
    for line in order["lines"]:
        _shelf, stock = SHELVES.get(line["article"], ("", 0))
        if line["quantity"] > stock:
            cause = f"{line['quantity']} x {line['article']} wanted, {stock} in stock"
            return Response(ctx, cause, {"Fn-Task-Error": "OutOfStock"})
    reservations = [
        {
            "id": f"{order['order_id']}-{line['article']}",
            "shelf": SHELVES[line["article"]][0],
            "quantity": line["quantity"],
        }
        for line in order["lines"]
    ]
    return Response(ctx, json.dumps(reservations), {"Content-Type": "application/json"})
