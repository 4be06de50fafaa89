"""The credit score of a person, from a bureau that is overloaded at every first attempt.

Nobody knows a person called Nemo, and asking about Mallory is not allowed.
"""

import json

from fdk.response import Response

JSON = {"Content-Type": "application/json"}
FAILURES = {
    "Nemo": {"errorType": "UnknownPerson", "errorMessage": "there is no file on Nemo"},
    "Mallory": {"errorType": "AccessDenied", "errorMessage": "this file is closed"},
}


def handler(ctx, data=None):
    name = json.loads(data.getvalue())["name"]
    answer = {"name": name, "score": 500 + 40 * len(name)}
    if int(ctx.Headers().get("fn-states-attempt", 1)) == 1:
        answer = {"errorType": "BureauOverloaded", "errorMessage": "come back in a second"}
    return Response(ctx, json.dumps(FAILURES.get(name, answer)), JSON)
