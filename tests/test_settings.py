"""Settings are read from the environment, and what is wrong is refused by name."""

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
        ({"FN_LISTENER": "unix:/tmp/iofs/lsnr.sock"}, "DATABASE_URL"),
        ({"FN_LISTENER": "unix:/tmp/iofs/lsnr.sock", "DATABASE_URL": "sqlite:////tmp/x"}, "SQLite"),
    ],
)
def test_a_setting_that_is_wrong_is_named(environment, names):
    with pytest.raises(BadSetting, match=names):
        read_settings(environment)


def test_a_server_takes_a_database_that_containers_share():
    environment = {"FN_LISTENER": "unix:/tmp/iofs/lsnr.sock", "DATABASE_URL": POSTGRES}

    assert read_settings(environment).database_url == POSTGRES


def test_a_resource_may_stand_for_a_function():
    settings = read_settings({"RESOURCES": '{"arn:aws:states:::sqs:sendMessage": "fn:my/send"}'})

    assert settings.resources == {"arn:aws:states:::sqs:sendMessage": "fn:my/send"}
