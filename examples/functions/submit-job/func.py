"""Hand in a job that takes `seconds`; the answer is its id, which `job-status` asks about.

The id says when the job will be ready. A real function hands the job to whatever does it.
"""

import json
import time

from fdk.response import Response


def handler(ctx, data=None):
    job = json.loads(data.getvalue())
    ready_at = time.time() + job.get("seconds", 1)
    answer = json.dumps(f"job-{job['name']}-{ready_at:.3f}")
    return Response(ctx, answer, {"Content-Type": "application/json"})
