"""DATABASE_URL: Fn's three forms are read; what is wrong is said, and the password never is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asl.store.errors import BadDatabaseUrl
from asl.store.urls import read_url

SERVERS = [
    (
        "mysql://user:pw@tcp(host:3306)/db",
        {"database": "db", "host": "host", "port": 3306, "user": "user", "password": "pw"},
    ),
    ("mysql://user:pw@tcp(host)/db", {"database": "db", "host": "host"}),
    ("mysql://user:pw@host:3307/db", {"database": "db", "host": "host", "port": 3307}),
    ("mysql://user:p@ss@tcp(10.0.0.1:3306)/db", {"password": "p@ss", "host": "10.0.0.1"}),
    ("mysql://user:p%2Fw%40%3A@host/db", {"password": "p/w@:"}),
    ("mysql://us%40er@tcp([::1]:3306)/db", {"user": "us@er", "host": "::1"}),
    ("mysql://u@unix(/run/mysqld.sock)/db", {"unix_socket": "/run/mysqld.sock", "user": "u"}),
    ("mysql://u@host/db?parseTime=true&charset=utf8", {"charset": "utf8mb4"}),
    ("mysql://u@host/db?ssl_ca=/ca.pem", {"ssl_ca": "/ca.pem"}),
    (
        "postgres://user:123@host:5432/db?sslmode=disable",
        {"database": "db", "host": "host", "port": 5432, "user": "user", "sslmode": "disable"},
    ),
    ("postgresql://user:p%23%25w@host/my%20db", {"password": "p#%w", "database": "my db"}),
    ("postgres://u@host/db", {"prepare_threshold": 5}),
    ("postgres://u@host/db?prepare_threshold=none", {"prepare_threshold": None}),
    ("postgres://u@%2Frun%2Fpostgresql/db", {"host": "/run/postgresql"}),
    ("postgres://u@[::1]:5432/db?application_name=x", {"host": "::1", "application_name": "x"}),
]
BAD = [
    ("", "none of the forms"),
    ("states.db", "none of the forms"),
    ("redis://host/0", "none of the forms"),
    ("sqlite://states.db", "three slashes"),
    ("sqlite:///", "three slashes"),
    ("sqlite:///a.db?mode=ro", "option mode is unknown"),
    ("sqlite:///a.db?synchronous=off", "synchronous is"),
    ("sqlite:////dev/null/a.db", "cannot be made"),
    ("postgres://user:secret@/db", "host and database name are needed"),
    ("postgres://user:secret@host", "host and database name are needed"),
    ("postgres://user:secret@host:port/db", "the port is a number"),
    ("postgres://user:sec/ret@host:1/db", "percent-escaped"),
    ("mysql://user:1/secret@tcp(host:3306)/db", "percent-escaped"),
    ("postgres://user:secret@host/db?sslmod=disable", "option sslmod is unknown"),
    ("postgres://user:secret@host/db?prepare_threshold=-1", "prepare_threshold is"),
    ("mysql://user:secret@tcp(host:99999999)/db", "the port is a number"),
    ("mysql://user:secret@tcp(host:3306)", "host and database name are needed"),
    ("mysql://user:secret@host/db?tls=maybe", "tls is"),
    ("mysql://user:secret@host/db?sslmode=disable", "option sslmode is unknown"),
]


@pytest.mark.parametrize(("url", "expected"), SERVERS)
def test_a_server_is_read_from_its_url(url: str, expected: dict[str, Any]) -> None:
    peewee = read_url(url).peewee
    given = {"database": peewee.database, **peewee.connect_params}
    assert {key: given.get(key, "missing") for key in expected} == expected


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite3", "SQLite"])
def test_three_slashes_are_relative_and_four_absolute(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_url(f"{scheme}:///data/states.db").path == "data/states.db"
    assert (tmp_path / "data").is_dir()
    absolute = tmp_path / "a b" / "states.db"
    assert read_url(f"{scheme}:///{tmp_path}/a%20b/states.db").path == str(absolute)
    assert absolute.parent.is_dir()


@pytest.mark.parametrize(("url", "said"), BAD)
def test_a_bad_url_is_refused_with_the_forms_there_are(url: str, said: str) -> None:
    with pytest.raises(BadDatabaseUrl) as refused:
        read_url(url)
    text = str(refused.value)
    assert text.startswith("DATABASE_URL")
    assert said in text
    for form in ("sqlite:///", "sqlite:////", "postgres://user:", "mysql://user:password@tcp("):
        assert form in text
    assert "secret" not in text
    assert "sec/ret" not in text
