"""Signature Version 4: whether a request was signed with one of our keys.

The request is signed again, by botocore as AWS's own clients do it, over just the headers that its
signature names. botocore takes 0.2 s to import, so it is asked for with the first signed request.
Words and names of the refusals are AWS's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from asl.aws.errors import AwsError

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "states"
TERMINATOR = "aws4_request"
SKEW_MINUTES = 5
_STAMP = "%Y%m%dT%H%M%SZ"
_PARTS = ("Credential", "Signature", "SignedHeaders")


@dataclass(frozen=True, slots=True)
class Request:
    """url: as the server got it. headers: by names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the header of this name says. date, region, service, terminator: the scope."""

    key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str


def verify(request: Request, keys: Mapping[str, str], now: int, public_url: str = "") -> str:
    """The id of the key that signed the request; AwsError when none did, or not now.

    keys: secrets by id. now: ms since epoch. public_url: the address that clients use where a
    proxy shows us another one.
    """
    given = _read_authorization(request)
    secret = keys.get(given.key_id)
    if secret is None or "x-amz-security-token" in request.headers:
        raise AwsError(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            403,
        )
    stamp = _read_stamp(request)
    _check_scope(given, stamp)
    _check_signed_headers(request, given)
    _check_time(stamp, now)
    _check_body(request)
    urls = [request.url, public_url] if public_url else [request.url]
    signatures = [_sign(request, url, given, secret).encode() for url in urls]
    signed = given.signature.encode()
    if not any(hmac.compare_digest(signature, signed) for signature in signatures):
        raise _mismatch()
    return given.key_id


def _read_authorization(request: Request) -> Authorization:
    header = request.headers.get("authorization")
    if header is None:
        if "X-Amz-Signature=" in request.url:
            raise _invalid("A presigned request is not accepted; sign it in its headers.")
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    algorithm, _, rest = header.partition(" ")
    pairs = (part.strip().partition("=") for part in rest.split(","))
    parts = {name: value for name, _, value in pairs} if algorithm == ALGORITHM else {}
    missing = [name for name in _PARTS if not parts.get(name)]
    if missing:
        raise _incomplete(
            " ".join(f"Authorization header requires '{m}' parameter." for m in missing)
        )
    elements = parts["Credential"].split("/")
    if len(elements) != 5:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, "
            "e.g. keyid/date/region/service/term"
        )
    key_id, date, region, service, terminator = elements
    names = tuple(parts["SignedHeaders"].split(";"))
    return Authorization(key_id, date, region, service, terminator, names, parts["Signature"])


def _read_stamp(request: Request) -> str:
    stamp = request.headers.get("x-amz-date")
    if stamp is None:
        raise _incomplete("Authorization header requires existence of a 'X-Amz-Date' header.")
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp):
        raise _incomplete("Date must be in ISO-8601 'basic format'.")
    return stamp


def _check_scope(given: Authorization, stamp: str) -> None:
    """The region may be any: it tells keys apart at AWS, and here are none to tell apart."""
    if given.service != SERVICE:
        raise _invalid(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if given.terminator != TERMINATOR:
        raise _invalid(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'.")
    if given.date != stamp[:8]:
        raise _invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{given.date}' != '{stamp[:8]}', from '{stamp}'."
        )


def _check_signed_headers(request: Request, given: Authorization) -> None:
    """The host and all of AWS's own headers: the operation is one of these."""
    if "host" not in given.signed_headers:
        raise _invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    for name in request.headers:
        if name.startswith("x-amz-") and name not in given.signed_headers:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


def _check_time(stamp: str, now: int) -> None:
    earliest, present, latest = (
        datetime.fromtimestamp(now / 1000 + minutes * 60, UTC).strftime(_STAMP)
        for minutes in (-SKEW_MINUTES, 0, SKEW_MINUTES)
    )
    if stamp < earliest:
        raise _invalid(
            f"Signature expired: {stamp} is now earlier than {earliest} "
            f"({present} - {SKEW_MINUTES} min.)"
        )
    if stamp > latest:
        raise _invalid(
            f"Signature not yet current: {stamp} is still later than {latest} "
            f"({present} + {SKEW_MINUTES} min.)"
        )


def _check_body(request: Request) -> None:
    """What the header says of the body is what is signed, so it has to be true."""
    said = request.headers.get("x-amz-content-sha256")
    if said is not None and said != hashlib.sha256(request.body).hexdigest():
        raise _mismatch()


def _sign(request: Request, url: str, given: Authorization, secret: str) -> str:
    """The signature that the request would have at `url`, signed with `secret`."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {n: request.headers[n] for n in given.signed_headers if n in request.headers}
    try:
        headers["host"] = urlsplit(url).netloc
    except ValueError as fault:  # whatever the caller sent as Host is in it
        raise _mismatch() from fault
    signed = AWSRequest(method=request.method, url=url, data=request.body, headers=headers)
    signed.context["timestamp"] = request.headers["x-amz-date"]
    signer = SigV4Auth(Credentials(given.key_id, secret), SERVICE, given.region)
    # botocore leaves out some that other clients sign, such as user-agent.
    signer.headers_to_sign = lambda signing: signing.headers
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    signature: str = signer.signature(text, signed)
    return signature


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidSignatureException", message, 403)


def _incomplete(message: str) -> AwsError:
    return AwsError("IncompleteSignatureException", message)


def _mismatch() -> AwsError:
    return _invalid(
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details."
    )
