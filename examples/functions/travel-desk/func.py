"""Book and cancel what a journey is made of: a flight, a hotel, a car.

Bookings are answered instead of made. There is no car in Venice. Cancelling what was never booked
is fine: a workflow that takes back its steps need not know how far it came.
"""

import json

from fdk.response import Response

JSON = {"Content-Type": "application/json"}
CITIES_WITHOUT_CARS = {"Venice"}


def handler(ctx, data=None):
    order = json.loads(data.getvalue())
    trip, what = order["trip"], order["what"]
    if order["do"] == "cancel":
        return Response(ctx, json.dumps({"cancelled": f"{what}-{trip['id']}"}), JSON)
    if what == "car" and trip["to"] in CITIES_WITHOUT_CARS:
        # Lambda's way to fail with a name: the header Fn-Task-Error would do, too.
        failure = {"errorType": "NoCarsAvailable", "errorMessage": f"no car in {trip['to']}"}
        return Response(ctx, json.dumps(failure), JSON)
    return Response(ctx, json.dumps({"booked": f"{what}-{trip['id']}"}), JSON)
