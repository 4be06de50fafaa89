"""How a job of `submit-job` is getting on: RUNNING, SUCCEEDED, or FAILED where its name says so."""

import json
import time

from fdk.response import Response


def handler(ctx, data=None):
    _, name, ready_at = json.loads(data.getvalue())["job_id"].split("-")
    status = "RUNNING"
    if time.time() >= float(ready_at):
        status = "FAILED" if name == "broken" else "SUCCEEDED"
    return Response(ctx, json.dumps(status), {"Content-Type": "application/json"})
