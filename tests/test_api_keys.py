"""Keys of the setting API_KEYS: how they are read, and who shows one."""

import base64

import pytest
from asl.api_keys import basic_is_known, bearer_is_known
from asl.settings import BadSetting, read_settings

KEYS = {"alice": "alice-has-a-secret", "bob": "bob:has:another:one"}


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_keys_are_pairs_with_blanks_between_them():
    text = "alice:alice-has-a-secret  bob:bob:has:another:one\n"

    assert read_settings({"API_KEYS": text}).api_keys == KEYS


def test_without_the_setting_there_are_no_keys():
    assert read_settings({"API_KEYS": ""}).api_keys == {}


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "alice",
        "alice:short",
        ":a-secret-without-an-id",
        "alice:alice-has-a-secret,bob:bob-has-another",
        "alice:alice-has-a-secret alice:alice-has-two-of-them",
        "álice:alice-has-a-secret",
    ],
)
def test_a_malformed_setting_is_refused_without_showing_a_secret(text):
    with pytest.raises(BadSetting, match="API_KEYS") as fault:
        read_settings({"API_KEYS": text})

    assert "has-a-secret" not in str(fault.value)


def test_settings_do_not_show_secrets():
    assert "secret" not in repr(read_settings({"API_KEYS": "alice:alice-has-a-secret"}))


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("Bearer alice-has-a-secret", True),
        ("bearer bob:has:another:one", True),
        ("Bearer alice", False),
        ("Bearer ", False),
        ("Bearer", False),
        ("", False),
        ("alice-has-a-secret", False),
        ("Bearer alice-has-a-secret-and-more", False),
        (basic("alice:alice-has-a-secret"), False),
    ],
)
def test_a_program_shows_the_secret(header, known):
    assert bearer_is_known(header, KEYS) is known


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (basic("alice:alice-has-a-secret"), True),
        (basic("bob:bob:has:another:one"), True),
        (basic("alice:bob:has:another:one"), False),
        (basic("alice:"), False),
        (basic("alice-has-a-secret"), False),
        ("Basic not base64", False),
        ("Basic /w==", False),
        ("Bearer alice-has-a-secret", False),
        ("", False),
    ],
)
def test_a_browser_shows_id_and_secret(header, known):
    assert basic_is_known(header, KEYS) is known
