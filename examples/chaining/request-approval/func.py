"""Answer a waiting workflow: small orders are approved, others are not.

A real one would mail the token to a person, and the function behind the link in the mail would
make the same call of `signal`, minutes or months later.
"""

import json
import os
import urllib.request

from fdk.response import Response

LIMIT_CENTS = 10_000
JSON = {"Content-Type": "application/json"}
# Where the app `states` has API_KEYS, this function has one of their secrets as STATES_KEY.
KEY = {"Authorization": f"Bearer {os.environ.get('STATES_KEY', '')}"}


def handler(ctx, data=None):
    asked = json.loads(data.getvalue())
    if asked["total_cents"] <= LIMIT_CENTS:
        answer = {"output": {"approved_by": "the limit"}}
    else:
        answer = {"error": "ApprovalDenied", "cause": f"more than {LIMIT_CENTS} cents"}
    signal({"token": asked["token"], **answer})
    return Response(ctx, "{}", JSON)


def signal(fields):
    url = f"{os.environ['FN_API_URL']}/t/states/signal"
    request = urllib.request.Request(url, json.dumps(fields).encode(), JSON | KEY)
    with urllib.request.urlopen(request, timeout=20):
        pass
