"""What an insurer would take for a thing of some value."""

import json

from fdk.response import Response

PER_MILLE = {"north": 12, "south": 9}


def handler(ctx, data=None):
    asked = json.loads(data.getvalue())
    quote = {
        "insurer": asked["insurer"],
        "premium": asked["value"] * PER_MILLE[asked["insurer"]] / 1000,
    }
    return Response(ctx, json.dumps(quote), {"Content-Type": "application/json"})
