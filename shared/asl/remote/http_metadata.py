"""What AWS's answers come with over HTTP, for the answers that workflows get in their place.

Workflows written for AWS read `SdkHttpMetadata` and `SdkResponseMetadata`; names and spelling are
those that AWS was recorded to give.
"""

from __future__ import annotations

import uuid
from email.utils import formatdate

from ulid import ULID

from asl.language.scope import Json


def request_id(id_: str) -> str:
    """A UUID for one of our ids, or one of Fn's: the same 128 bits where it is a ULID."""
    try:
        return str(ULID.from_str(id_).to_uuid())
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, id_))


def lambda_headers(call_id: str, size: int, traceparent: str, now: float) -> dict[str, str]:
    """Of a function's answer. size: bytes of its body. now: seconds since epoch."""
    id_ = request_id(call_id)
    return {
        "Connection": "keep-alive",
        "Content-Length": str(size),
        "Content-Type": "application/json",
        "Date": formatdate(now, usegmt=True),
        "X-Amz-Executed-Version": "$LATEST",
        "x-amzn-Remapped-Content-Length": "0",
        "x-amzn-RequestId": id_,
        "X-Amzn-Trace-Id": _trace_id(traceparent, id_),
    }


def start_execution_answer(id_: str, arn: str, started_at: int) -> dict[str, Json]:
    """Of states:startExecution. id_: of the run that was started at `started_at` (ms)."""
    body = f'{{"executionArn":"{arn}","startDate":{started_at / 1e12:.12f}E9}}'
    headers = {
        "connection": "keep-alive",
        "Content-Length": str(len(body.encode())),
        "Content-Type": "application/x-amz-json-1.0",
        "Date": formatdate(started_at / 1000, usegmt=True),
        "x-amzn-RequestId": request_id(id_),
    }
    return {
        "ExecutionArn": arn,
        "StartDate": started_at,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": dict(headers),
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": request_id(id_)},
    }


def _trace_id(traceparent: str, id_: str) -> str:
    """The trace that the call belongs to, or one of its own."""
    trace = traceparent.split("-")[1] if traceparent else id_.replace("-", "")
    return f"Root=1-{trace[:8]}-{trace[8:]};Sampled=0"
