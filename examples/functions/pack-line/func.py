"""Pack one line of an order and say into which parcel it went."""

import json

from fdk.response import Response


def handler(ctx, data=None):
    work = json.loads(data.getvalue())
    parcel = {
        "parcel": f"{work['order_id']}-{work['number'] + 1}",
        "article": work["line"]["article"],
        "quantity": work["line"]["quantity"],
    }
    return Response(ctx, json.dumps(parcel), {"Content-Type": "application/json"})
