"""Requests that boto3 has signed, as they are and as somebody else would change them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from asl.aws.errors import AwsError
from asl.aws.signatures import Request, verify

boto3 = pytest.importorskip("boto3")
from botocore.auth import SigV4Auth, SigV4QueryAuth  # noqa: E402
from botocore.awsrequest import AWSRequest, AWSResponse  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

KEYS = {"ALICE": "a secret of alice".replace(" ", "-"), "BOB": "b0b/secret+of=sixteen"}
URL = "http://127.0.0.1:8080/t/states"
MINUTE = 60_000
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details."
)


def signed_by_boto3(key_id="ALICE", secret=None, url=URL, region="us-east-1", token=None):
    """What an unmodified client sends for ListStateMachines."""
    client = boto3.client(
        "stepfunctions",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret or KEYS[key_id],
        aws_session_token=token,
    )
    sent = []

    def keep(request, **_):
        sent.append(request)
        return AWSResponse(request.url, 200, {}, None)

    client.meta.events.register("before-send.sfn.ListStateMachines", keep)
    client.meta.events.register("before-parse.sfn.*", lambda **_: None)
    try:
        client.list_state_machines(maxResults=3)
    except Exception:  # noqa: BLE001 - there is no answer to read
        assert sent
    return received(sent[0], url)


def received(sent, url):
    """The request as it arrives: the host is in the URL, names are in lower case."""
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in sent.headers.items()
    }
    headers.pop("host", None)
    return Request(sent.method, url, headers, sent.body or b"")


def signed_by_hand(headers=(), service="states", sign=SigV4Auth):
    """A request signed by botocore with chosen headers."""
    request = AWSRequest(
        "POST", URL, data=b"{}", headers={"X-Amz-Target": "AWSStepFunctions.X", **dict(headers)}
    )
    sign(Credentials("ALICE", KEYS["ALICE"]), service, "us-east-1").add_auth(request)
    return received(request.prepare(), request.url)


def time_of(request):
    stamp = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    return int(stamp.replace(tzinfo=UTC).timestamp() * 1000)


def refused(request, now=None, **more):
    with pytest.raises(AwsError) as refusal:
        verify(request, KEYS, time_of(request) if now is None else now, **more)
    return refusal.value.code, refusal.value.status, str(refusal.value)


def with_headers(request, **headers):
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {n: v for n, v in {**request.headers, **changed}.items() if v is not None}
    return replace(request, headers=kept)


@pytest.mark.parametrize("key_id", KEYS)
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_what_boto3_signed_with_one_of_the_keys_is_accepted(key_id, region):
    request = signed_by_boto3(key_id, region=region)

    assert verify(request, KEYS, time_of(request)) == key_id


@pytest.mark.parametrize("url", [f"{URL}/", f"{URL}?a=1&b", "https://states.example.com/t/states"])
def test_the_address_may_have_other_forms(url):
    request = AWSRequest("POST", url, data=b"{}")
    SigV4Auth(Credentials("ALICE", KEYS["ALICE"]), "states", "us-east-1").add_auth(request)
    arrived = received(request.prepare(), url)

    assert verify(arrived, KEYS, time_of(arrived)) == "ALICE"


def test_headers_that_boto3_does_not_sign_may_be_signed():
    """The AWS SDK for Java 1 signs user-agent."""

    class Java(SigV4Auth):
        def headers_to_sign(self, request):
            names = super().headers_to_sign(request)
            names["user-agent"] = request.headers["User-Agent"]
            return names

    request = signed_by_hand({"User-Agent": "aws-sdk-java/1.12"}, sign=Java)

    assert "user-agent" in request.headers["authorization"]
    assert verify(request, KEYS, time_of(request)) == "ALICE"
    assert refused(with_headers(request, user_agent="another"))[2] == MISMATCH


def test_a_wrong_secret_is_a_wrong_signature():
    request = signed_by_boto3(secret="another-secret-than-hers")

    assert refused(request) == ("InvalidSignatureException", 403, MISMATCH)


@pytest.mark.parametrize("host", ["[", "[::1", "[x]"])
def test_a_host_that_is_none_is_a_wrong_signature(host):
    request = replace(signed_by_boto3(), url=f"http://{host}/t/states")

    assert refused(request) == ("InvalidSignatureException", 403, MISMATCH)


def test_an_unknown_key_is_named_as_aws_names_it():
    request = signed_by_boto3("MALLORY", secret=KEYS["ALICE"])

    message = "The security token included in the request is invalid."
    assert refused(request) == ("UnrecognizedClientException", 403, message)


def test_a_session_token_is_none_of_ours():
    assert refused(signed_by_boto3(token="temporary"))[0] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"maxResults": 4}'},
        {"body": b""},
        {"method": "PUT"},
        {"url": "http://127.0.0.1:8080/t/other"},
        {"url": f"{URL}?verbose=1"},
        {"url": "http://another.example.com/t/states"},
    ],
)
def test_what_was_changed_on_the_way_is_refused(change):
    assert refused(replace(signed_by_boto3(), **change))[2] == MISMATCH


def test_another_operation_cannot_be_asked_for():
    request = signed_by_boto3()

    assert refused(with_headers(request, x_amz_target="AWSStepFunctions.DeleteActivity"))[2] == (
        MISMATCH
    )


def test_a_header_of_aws_that_was_not_signed_is_refused():
    request = with_headers(signed_by_boto3(), x_amz_meta="added")

    code, _, message = refused(request)
    assert (code, message) == (
        "InvalidSignatureException",
        "'x-amz-meta' must be a 'SignedHeader' in the AWS Authorization.",
    )


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_clocks_may_differ_by_five_minutes(minutes):
    request = signed_by_boto3()

    assert verify(request, KEYS, time_of(request) + minutes * MINUTE) == "ALICE"


def test_a_request_that_is_sent_again_an_hour_later_is_refused():
    request = signed_by_boto3()

    code, status, message = refused(request, time_of(request) + 60 * MINUTE)
    assert (code, status) == ("InvalidSignatureException", 403)
    assert message.startswith(f"Signature expired: {request.headers['x-amz-date']} is now earlier")
    assert message.endswith("- 5 min.)")


def test_a_request_from_the_future_is_refused():
    request = signed_by_boto3()

    message = refused(request, time_of(request) - 6 * MINUTE)[2]
    assert message.startswith("Signature not yet current: ")


def test_a_new_date_does_not_make_an_old_signature_good():
    request = signed_by_boto3()
    stamp = request.headers["x-amz-date"]
    later = f"{stamp[:9]}{(int(stamp[9:11]) + 1) % 24:02}{stamp[11:]}"

    changed = with_headers(request, x_amz_date=later)
    assert refused(changed, time_of(changed))[2] == MISMATCH


def test_the_date_of_the_scope_is_that_of_the_request():
    request = with_headers(signed_by_boto3(), x_amz_date="20200101T000000Z")

    assert refused(request)[2].startswith("Date in Credential scope does not match YYYYMMDD")


def test_another_services_signature_is_refused():
    request = signed_by_hand(service="s3")

    assert refused(request)[2] == "Credential should be scoped to correct service: 'states'."


@pytest.mark.parametrize("said", ["UNSIGNED-PAYLOAD", "0" * 64])
def test_what_the_headers_say_of_the_body_has_to_be_true(said):
    request = signed_by_hand({"X-Amz-Content-SHA256": said})

    assert refused(request)[2] == MISMATCH


def test_a_true_hash_of_the_body_is_accepted():
    empty_object = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    request = signed_by_hand({"X-Amz-Content-SHA256": empty_object})

    assert verify(request, KEYS, time_of(request)) == "ALICE"


def test_a_presigned_address_is_refused():
    request = signed_by_hand(sign=SigV4QueryAuth)

    code, _, message = refused(request, now=0)
    assert code == "InvalidSignatureException"
    assert "presigned" in message


def test_a_request_without_a_signature_is_refused():
    request = with_headers(signed_by_boto3(), authorization=None)

    assert refused(request) == (
        "MissingAuthenticationTokenException",
        403,
        "Missing Authentication Token",
    )


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("Bearer a-secret-of-alice", "requires 'Credential' parameter"),
        ("AWS4-HMAC-SHA256 ", "requires 'Signature' parameter"),
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host", "requires 'Signature' parameter"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=é",
            "exactly 5 slash-delimited elements",
        ),
    ],
)
def test_a_header_that_is_no_signature_is_said_to_be_incomplete(authorization, message):
    request = with_headers(signed_by_boto3(), authorization=authorization)

    code, status, said = refused(request)
    assert (code, status) == ("IncompleteSignatureException", 400)
    assert message in said


def test_a_signature_of_any_characters_is_only_wrong():
    request = signed_by_boto3()
    header = request.headers["authorization"]
    changed = with_headers(request, authorization=header.rpartition("=")[0] + "=é")

    assert refused(changed)[2] == MISMATCH


@pytest.mark.parametrize("stamp", [None, "today", "2026-11-22T00:00:00Z"])
def test_a_date_is_needed(stamp):
    request = with_headers(signed_by_boto3(), x_amz_date=stamp)

    assert refused(request, now=0)[0] == "IncompleteSignatureException"


def test_behind_a_proxy_the_public_address_counts_too():
    """The client signs the address it knows; the proxy asks for another one."""
    public = "https://workflows.example.com/api"
    request = replace(signed_by_boto3(url=public), url=URL)

    assert verify(request, KEYS, time_of(request), public) == "ALICE"
    assert refused(request)[2] == MISMATCH
    assert refused(replace(request, body=b"{}"), public_url=public)[2] == MISMATCH
