"""What stands in for the HTTP of AWS's answers, in AWS's spelling."""

import json
import uuid
from email.utils import parsedate_to_datetime

import httpx
import pytest
from asl.language.document import Document
from asl.language.effects import FunctionRequest
from asl.language.resources import Dialect
from asl.language.task_calls import lambda_envelope
from asl.remote.functions import read_answer
from asl.remote.http_metadata import lambda_headers, request_id, start_execution_answer
from ulid import ULID

CALL = "01JDA4Z7N2M8Q6W5T3R1P0K9HB"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_the_id_of_a_call_becomes_a_uuid_of_the_same_bits():
    assert uuid.UUID(request_id(CALL)).bytes == ULID.from_str(CALL).bytes


@pytest.mark.parametrize("id_", ["", "call", "0" * 25, "U" * 26])
def test_any_other_id_becomes_a_uuid_that_is_always_the_same(id_):
    assert str(uuid.UUID(request_id(id_))) == request_id(id_)


def test_a_function_answers_with_the_headers_of_lambda():
    headers = lambda_headers(CALL, 82, f"00-{TRACE}-00f067aa0ba902b7-01", 1_700_000_000.5)
    assert headers == {
        "Connection": "keep-alive",
        "Content-Length": "82",
        "Content-Type": "application/json",
        "Date": "Tue, 14 Nov 2023 22:13:20 GMT",
        "X-Amz-Executed-Version": "$LATEST",
        "x-amzn-Remapped-Content-Length": "0",
        "x-amzn-RequestId": request_id(CALL),
        "X-Amzn-Trace-Id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Sampled=0",
    }


def test_a_call_without_a_trace_is_a_trace_of_its_own():
    trace = request_id(CALL).replace("-", "")
    header = lambda_headers(CALL, 0, "", 0)["X-Amzn-Trace-Id"]
    assert header == f"Root=1-{trace[:8]}-{trace[8:]};Sampled=0"


def test_the_result_of_lambda_invoke_shows_the_answer_as_it_came():
    request = FunctionRequest("", "f", Document({}), Dialect.LAMBDA)
    answer = httpx.Response(
        200,
        headers={"fn-call-id": CALL},
        content=b'{"a": 1}',
        request=httpx.Request("POST", "http://fn/invoke/f"),
    )
    envelope = lambda_envelope(read_answer(answer, request)).value
    assert envelope["Payload"] == {"a": 1}
    headers = envelope["SdkHttpMetadata"]["HttpHeaders"]
    assert headers["Content-Length"] == "8"
    assert parsedate_to_datetime(headers["Date"]).tzinfo is not None
    assert envelope["SdkHttpMetadata"]["AllHttpHeaders"] == {k: [v] for k, v in headers.items()}
    assert envelope["SdkResponseMetadata"]["RequestId"] == headers["x-amzn-RequestId"]


def test_a_started_run_answers_with_the_headers_of_step_functions():
    arn = "arn:aws:states:us-east-1:000000000000:execution:m:e"
    answer = start_execution_answer(CALL, arn, 1_763_806_200_123)
    body = json.dumps({"executionArn": arn}, separators=(",", ":"))
    body = body[:-1] + ',"startDate":1.763806200123E9}'
    headers = answer["SdkHttpMetadata"]["HttpHeaders"]
    assert headers["Content-Length"] == str(len(body))
    assert headers["Date"] == "Sat, 22 Nov 2025 10:10:00 GMT"
    assert answer["SdkResponseMetadata"]["RequestId"] == headers["x-amzn-RequestId"]
    assert (answer["ExecutionArn"], answer["StartDate"]) == (arn, 1_763_806_200_123)
