"""Payloads, page tokens, names and trace headers: small translations, one table each."""

import json

import pytest
from asl.aws import page_tokens, payloads, tracing
from asl.aws.arns import check_role, parse_arn
from asl.aws.errors import AwsError
from asl.language.jsontext import InvalidJson
from hypothesis import given
from hypothesis import strategies as st

DAY = 24 * 3600 * 1000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values, st.booleans(), st.sampled_from([None, 1]))
def test_a_payload_means_the_same_when_stored_and_when_shown(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    stored = payloads.stored(text)
    assert stored.isascii()
    assert json.loads(stored) == value
    assert json.loads(payloads.shown(stored)) == value


@pytest.mark.parametrize(
    "text", ['["Hello", "World"]', '{ "a" : "é😀" }', '"\\u0007\\\\u00e9"', "null", " 1.0 "]
)
def test_a_payload_comes_back_to_the_letter(text):
    assert payloads.shown(payloads.stored(text)) == text


def test_half_a_surrogate_pair_stays_escaped():
    assert payloads.shown(payloads.stored('"\\ud800"')) == '"\\ud800"'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "not some json",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or "
            "token 'null', 'true' or 'false')",
        ),
        (
            "{'not': 'json'}",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        ),
        ("", "Invalid execution input."),
    ],
)
def test_what_is_no_json_is_refused_as_recorded(text, fault):
    with pytest.raises(InvalidJson) as refused:
        payloads.stored(text)
    assert payloads.fault_text(text, refused.value) == fault


def token(members=None, now=DAY, key="k"):
    return page_tokens.encode(key, "ListExecutions", members or {}, now)


def decode(text, now=DAY, operation="ListExecutions", **members):
    return page_tokens.decode(operation, {"nextToken": text, **members}, now)


def test_a_page_token_stands_for_its_key_for_a_day():
    assert decode(token(), now=2 * DAY) == "k"
    with pytest.raises(AwsError, match="Invalid Token: 'Invalid token'"):
        decode(token(), now=2 * DAY + 1)


def test_a_page_may_have_another_size_than_the_one_before():
    assert decode(token({"maxResults": 3}), maxResults=7) == "k"


def test_a_page_token_is_good_for_its_own_request_only():
    for other in ({"operation": "ListActivities"}, {"statusFilter": "FAILED"}):
        with pytest.raises(AwsError, match="Invalid token"):
            decode(token(), **other)


@given(st.text(min_size=1))
def test_a_forged_page_token_is_refused_as_invalid(text):
    with pytest.raises(AwsError, match="Invalid token"):
        decode(text)


def test_a_page_token_is_within_the_limit_for_the_longest_name():
    assert len(token(key="😀" * 80)) <= 1024


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("invalid_arn", "Invalid ARN prefix: invalid_arn"),
        ("arn:aws:lambda:us-east-1:000000000000:function:f", "Invalid ARN prefix: …"),
        ("arn:aws:states:us-east-1:000000000000:stateMachine:", "Invalid ARN prefix: …"),
        (
            "arn:aws:states:us-east-1:000000000000:express:m:e:1",
            "Resource type not valid in this context: express",
        ),
    ],
)
def test_a_name_of_another_kind_is_an_invalid_arn(text, inner):
    with pytest.raises(AwsError) as refused:
        parse_arn(text, "stateMachine")
    assert refused.value.code == "InvalidArn"
    assert str(refused.value) == f"Invalid Arn: '{inner.replace('…', text)}'"


def test_a_role_must_look_like_one():
    check_role("arn:aws:iam::012345678901:role/service-role/x")
    with pytest.raises(AwsError, match="Invalid Role Arn: 'admin'"):
        check_role("admin")


@pytest.mark.parametrize(
    ("header", "parent"),
    [
        (
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
        ),
        (
            "Root=1-5759e988-bd862e3fe1be46a994272793",
            "00-5759e988bd862e3fe1be46a994272793-0000000000000001-00",
        ),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_a_trace_header_becomes_a_traceparent(header, parent):
    assert tracing.traceparent(header) == parent


def test_a_full_trace_header_comes_back():
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    assert tracing.trace_header(tracing.traceparent(header)) == header
    assert tracing.trace_header("") is None
