"""Answers what it was sent, and which call it was."""

import json

from fdk import response


def handler(ctx, data=None):
    headers = {
        name: value
        for name, value in ctx.Headers().items()
        if name.startswith(("fn-states-", "idempotency-", "traceparent"))
    }
    body = {"got": json.loads(data.getvalue() or b"null"), "headers": headers}
    return response.Response(
        ctx, response_data=json.dumps(body), headers={"Content-Type": "application/json"}
    )
