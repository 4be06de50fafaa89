"""Ask a person for approval; here a rule answers at once: up to 1000 is approved.

A real one mails the token to a person, and the function behind the link in the mail answers.
"""

import json
import os
import urllib.request

from fdk.response import Response

LIMIT = 1000
JSON = {"Content-Type": "application/json"}
# Where the app `states` has API_KEYS, this function has one of their secrets as STATES_KEY.
KEY = {"Authorization": f"Bearer {os.environ.get('STATES_KEY', '')}"}


def handler(ctx, data=None):
    asked = json.loads(data.getvalue())
    verdict = {"approved": asked["request"]["amount"] <= LIMIT, "approver": asked["approver"]}
    signal({"token": asked["token"], "output": verdict})
    return Response(ctx, "{}", JSON)


def signal(fields):
    url = f"{os.environ['FN_API_URL']}/t/states/signal"
    request = urllib.request.Request(url, json.dumps(fields).encode(), JSON | KEY)
    with urllib.request.urlopen(request, timeout=20):
        pass
