"""Start the workflow `approval` for an order, once by its id."""

import json
import os
import urllib.error
import urllib.request

from fdk.response import Response

JSON = {"Content-Type": "application/json"}
# Where the app `states` has API_KEYS, this function has one of their secrets as STATES_KEY.
KEY = {"Authorization": f"Bearer {os.environ.get('STATES_KEY', '')}"}


def handler(ctx, data=None):
    order = json.loads(data.getvalue())
    started = {"state_machine": "approval", "name": order["order_id"], "input": order}
    status, answer = ask_states("invoke", started)
    return Response(ctx, json.dumps(answer), JSON, status_code=status)


def ask_states(action, fields):
    """Status and JSON of an action of the app `states`."""
    url = f"{os.environ['FN_API_URL']}/t/states/{action}"
    request = urllib.request.Request(url, json.dumps(fields).encode(), JSON | KEY)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)
