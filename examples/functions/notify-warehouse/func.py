"""Tell the warehouse what to hand over; the note is answered instead of sent."""

import json

from fdk.response import Response


def handler(ctx, data=None):
    order = json.loads(data.getvalue())
    note = {"to": "dock-2", "parcels": [parcel["parcel"] for parcel in order["parcels"]]}
    return Response(ctx, json.dumps(note), {"Content-Type": "application/json"})
