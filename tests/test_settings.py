"""Settings are read from the environment, and what is wrong is refused by name."""

import json

import pytest
from asl.settings import BadSetting, read_settings

POSTGRES = "postgres://u:p@db/states"


def test_everything_has_a_default():
    settings = read_settings({})

    assert settings.retention_days == 7
    assert settings.database_url.startswith("sqlite:///")


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"RETENTION_DAYS": "31"}, "RETENTION_DAYS"),
        ({"RETENTION_DAYS": "many"}, "RETENTION_DAYS"),
        ({"RETENTION_DAY": "5"}, "RETENTION_DAYS"),
        ({"DATABASE_URI": POSTGRES}, "DATABASE_URL"),
        ({"FN_API_URL": "localhost:8080"}, "FN_API_URL"),
        ({"AWS_ACCOUNT_ID": "12"}, "AWS_ACCOUNT_ID"),
        ({"RESOURCES": "[]"}, "RESOURCES"),
        ({"LOG_SINK": "stderr"}, "LOG_SINK"),
        ({"LOG_SINK": "file://runs.jsonl"}, "LOG_SINK"),
        ({"LOG_SINK": "otlp://collector:4318"}, "LOG_SINK"),
        ({"LOG_SINK_HEADERS": "Authorization: Bearer x"}, "LOG_SINK_HEADERS"),
        ({"LOG_SINK_HEADERS": '{"A": "b\\nc"}'}, "LOG_SINK_HEADERS"),
        ({"LOG_SINK_HEADERS": '{"A": " b"}'}, "LOG_SINK_HEADERS"),
        ({"LOG_SINK": "https://host:port/"}, "LOG_SINK"),
        ({"LOG_SINK": "otlp+http://[host/"}, "LOG_SINK"),
        ({"FN_API_URL": "http://fn:99999"}, "FN_API_URL"),
        ({"PUBLIC_URL": "https://:443/t/states"}, "PUBLIC_URL"),
        ({"REDACT": "a..b"}, "REDACT"),
        ({"REDACT": "password,card.number"}, "REDACT"),
        ({"REDACT": "cards[0].number"}, "REDACT"),
        ({"api_keys": "OPERATOR:a-secret-of-sixteen"}, "API_KEYS"),
        (
            {
                "FN_LISTENER": "unix:/tmp/iofs/lsnr.sock",
                "DATABASE_URL": POSTGRES,
                "LOG_SINK": "file:///runs.jsonl",
            },
            "LOG_SINK",
        ),
        ({"FN_LISTENER": "unix:/tmp/iofs/lsnr.sock"}, "DATABASE_URL"),
        ({"FN_LISTENER": "unix:/tmp/iofs/lsnr.sock", "DATABASE_URL": "sqlite:////tmp/x"}, "SQLite"),
    ],
)
def test_a_setting_that_is_wrong_is_named(environment, names):
    with pytest.raises(BadSetting, match=names):
        read_settings(environment)


CONNECTION = {"allow": "https://api.example.com/v1/ https://b/", "basic": ["me", "hunter2"]}


def test_connections_of_http_tasks_hold_what_is_added_to_a_request():
    settings = read_settings({"HTTP_CONNECTIONS": json.dumps({"shop": CONNECTION})})

    connection = settings.http_connections["shop"]
    assert connection.allow == ("https://api.example.com/v1/", "https://b/")
    assert connection.headers == {"Authorization": "Basic bWU6aHVudGVyMg=="}
    assert "bWU6" not in repr(settings) + repr(connection)


@pytest.mark.parametrize(
    "wrong",
    [
        {"allow": None},
        {"allow": ""},
        {"allow": "https://api.example.com"},
        {"allow": "ftp://api.example.com/"},
        {"headers": {"A": "hunter2\r\nB: c"}},
        {"headers": {"A b": "hunter2"}},
        {"headers": ["hunter2"]},
        {"query": {"key": 5}},
        {"body": "hunter2"},
        {"basic": ["me"]},
        {"basic": "hunter2"},
        {"password": "hunter2"},
    ],
)
def test_a_connection_that_is_wrong_is_refused_without_a_word_of_its_secrets(wrong):
    with pytest.raises(BadSetting, match="HTTP_CONNECTIONS") as refused:
        read_settings({"HTTP_CONNECTIONS": json.dumps({"shop": CONNECTION | wrong})})

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["shop", "[]", "{}", '{"shop": 1}', '{"a b": {"allow": "https://b/"}}']
)
def test_connections_are_objects_by_name(text):
    with pytest.raises(BadSetting, match="HTTP_CONNECTIONS"):
        read_settings({"HTTP_CONNECTIONS": text})


@pytest.mark.parametrize(
    "prefix",
    ["https://api.example.com", "api.example.com/", "https://me@api.example.com/", "https://a?/",
     "https://a\\b/", "https://a/b", "file:///data/", "*"],
)  # fmt: skip
def test_a_prefix_of_urls_ends_where_it_cannot_lead_elsewhere(prefix):
    assert read_settings({"HTTP_ALLOW": "http://h:8/ https://h/v1/"}).http_allow == (
        "http://h:8/",
        "https://h/v1/",
    )
    with pytest.raises(BadSetting, match="HTTP_ALLOW"):
        read_settings({"HTTP_ALLOW": f"https://h/ {prefix}"})


def test_a_server_takes_a_database_that_containers_share():
    environment = {"FN_LISTENER": "unix:/tmp/iofs/lsnr.sock", "DATABASE_URL": POSTGRES}

    assert read_settings(environment).database_url == POSTGRES


def test_a_resource_may_stand_for_a_function():
    settings = read_settings({"RESOURCES": '{"arn:aws:states:::sqs:sendMessage": "fn:my/send"}'})

    assert settings.resources == {"arn:aws:states:::sqs:sendMessage": "fn:my/send"}


@pytest.mark.parametrize(
    "sink", ["stdout", "file:///a/b.jsonl", "https://u:p@host/x?y=1", "otlp+http://host:4318"]
)
def test_a_log_sink_is_a_place(sink):
    assert read_settings({"LOG_SINK": sink}).log_sink == sink


def test_a_password_is_not_shown_with_the_settings():
    environment = {
        "LOG_SINK": "https://u:hunter2@host/",
        "LOG_SINK_HEADERS": '{"Authorization": "Bearer hunter2"}',
    }
    settings = read_settings(environment)

    assert settings.log_sink_headers == {"Authorization": "Bearer hunter2"}
    assert "hunter2" not in repr(settings)


def test_fields_to_redact_are_names_and_paths():
    assert read_settings({"REDACT": "password $.card.number"}).redact == ("password", "card.number")
