"""Items are read from files, web servers and S3, in windows; results are written there."""

import gzip
import json

import pytest
from asl.language.events import ItemsRead, Raised, ResultsWritten
from asl.language.item_request import ItemRequest, ResultRequest
from asl.language.result_files import Result
from asl.remote.objects import Objects

from tests.remote.object_server import object_server

LINES = "".join(f'{{"n": {number}}}\n' for number in range(5)).encode()
ITEMS = [{"n": number} for number in range(5)]


class Folder:
    """Files below a folder."""

    def __init__(self, path):
        self.prefix = path.as_uri() + "/"
        self.objects = Objects((self.prefix,), "", "")
        self._path = path

    def put(self, name, data):
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return self.prefix + name

    def get(self, name):
        return (self._path / name).read_bytes()


class Served:
    """Objects of a server. prefix: what their URIs begin with; path: what is before their names."""

    def __init__(self, server, prefix, path, objects):
        self.prefix, self.objects = prefix, objects
        self._server, self._path = server, path

    def put(self, name, data):
        self._server.objects[self._path + name] = data
        return self.prefix + name

    def get(self, name):
        return self._server.objects[self._path + name]


@pytest.fixture
def server():
    with object_server() as server:
        yield server


@pytest.fixture(params=["file", "http", "http without ranges", "s3"])
def place(request, tmp_path, monkeypatch):
    if request.param == "file":
        yield Folder(tmp_path)
        return
    with object_server(ranges=request.param != "http without ranges") as server:
        if request.param == "s3":
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            objects = Objects(("s3://bucket/",), server.url, "us-east-1")
            yield Served(server, "s3://bucket/", "/bucket/", objects)
        else:
            prefix = f"{server.url}/data/"
            yield Served(server, prefix, "/data/", Objects((prefix,), "", ""))


def all_items(objects, request, limit):
    """What is read in windows of `limit` items, and how many windows there were."""
    cursor, values, windows = None, [], 0
    while True:
        read = objects.read_items(request, cursor, limit)
        assert isinstance(read, ItemsRead), read
        values += [item.value for item in read.items]
        windows += 1
        if read.ended:
            return values, windows
        cursor = json.loads(json.dumps(read.items[-1].cursor))


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_windows_hold_all_items_once(place, limit):
    uri = place.put("in put.jsonl" if place.prefix.startswith("s3") else "input.jsonl", LINES)
    request = ItemRequest("getObject", uri, "JSONL")

    values, windows = all_items(place.objects, request, limit)
    assert values == ITEMS
    assert windows == max(1, -(-len(ITEMS) // limit))


def test_what_is_packed_is_unpacked(place):
    uri = place.put("input.jsonl.gz", gzip.compress(LINES))

    assert all_items(place.objects, ItemRequest("getObject", uri, "JSONL"), 2)[0] == ITEMS


def test_an_object_that_changes_meanwhile_is_not_read_on(place):
    request = ItemRequest("getObject", place.put("input.jsonl", LINES), "JSONL")
    first = place.objects.read_items(request, None, 2)
    place.put("input.jsonl", LINES + b"1\n")

    read = place.objects.read_items(request, first.items[-1].cursor, 2)
    assert isinstance(read, Raised)
    assert read.error == "States.ItemReaderFailed"
    assert "changed while it was being read" in read.cause


def test_an_object_that_is_not_there_fails_the_reader(place):
    request = ItemRequest("getObject", f"{place.prefix}none.json", "JSON")

    read = place.objects.read_items(request, None, 2)
    assert (type(read), read.error) == (Raised, "States.ItemReaderFailed")
    assert "none.json" in read.cause


def test_nothing_is_allowed_unless_it_is_named():
    read = Objects((), "", "").read_items(ItemRequest("getObject", "file:///etc/x", "CSV"), None, 1)

    assert read == Raised(
        "States.ItemReaderFailed",
        "The object file:///etc/x may not be used here: the setting OBJECT_ALLOW names no prefix "
        "of it",
    )


OUTSIDE = {
    "a folder beside": "{prefix}../other/x",
    "dots in escapes": "{prefix}%2e%2e/other/x",
    "another host": "https://elsewhere.example/data/x",
    "a name that goes on": "{bare}2/x",
    "no URI": "/etc/passwd",
    "another scheme": "ftp://host/x",
}


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("prefix", ["file:///srv/data/", "http://127.0.0.1:9/data/", "s3://data/"])
def test_what_leads_out_of_the_allowed_prefix_is_refused(name, prefix):
    uri = OUTSIDE[name].format(prefix=prefix, bare=prefix[:-1])
    if prefix.startswith("s3") and name.startswith(("a folder", "dots")):
        pytest.skip("the key of a bucket has no folders to climb out of")

    read = Objects((prefix,), "", "").read_items(ItemRequest("getObject", uri, "CSV"), None, 1)
    assert isinstance(read, Raised)
    assert "OBJECT_ALLOW" in read.cause or "is named by" in read.cause


def test_a_link_is_where_it_leads(tmp_path):
    allowed, secret = tmp_path / "allowed", tmp_path / "secret"
    allowed.mkdir()
    secret.write_text("[1]")
    (allowed / "link").symlink_to(secret)
    objects = Objects((f"{allowed.as_uri()}/",), "", "")

    read = objects.read_items(ItemRequest("getObject", f"{allowed.as_uri()}/link", "JSON"), None, 1)
    assert isinstance(read, Raised)
    assert "OBJECT_ALLOW" in read.cause


def test_a_redirect_is_not_followed(server):
    server.objects["/secret"] = b"[1]"
    server.redirects["/data/x"] = f"{server.url}/secret"
    objects = Objects((f"{server.url}/data/",), "", "")

    read = objects.read_items(ItemRequest("getObject", f"{server.url}/data/x", "JSON"), None, 1)
    assert read == Raised(
        "States.ItemReaderFailed", f"{server.url}/data/x: the server answered 302"
    )


def listed_place(place):
    for name in ("in/b.jsonl", "in/a.jsonl", "in/sub/c.jsonl", "inner.jsonl", "other.jsonl"):
        place.put(name, f'"{name}"\n'.encode() * 2)


def test_a_listing_is_read_by_key_in_windows(place):
    if place.prefix.startswith("http"):
        pytest.skip("a web server has no listing")
    listed_place(place)
    request = ItemRequest("listObjectsV2", f"{place.prefix}in")

    values, windows = all_items(place.objects, request, 2)
    base = place.prefix if place.prefix.startswith("file") else ""
    assert [item["Key"].removeprefix(base) for item in values] == [
        "in/a.jsonl", "in/b.jsonl", "in/sub/c.jsonl", "inner.jsonl",
    ]  # fmt: skip
    assert windows == 2
    assert set(values[0]) == {"Etag", "Key", "LastModified", "Size", "StorageClass"}
    assert values[0]["Size"] == len('"in/a.jsonl"\n') * 2


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_listed_objects_are_loaded_one_after_the_other(place, limit):
    if place.prefix.startswith("http"):
        pytest.skip("a web server has no listing")
    listed_place(place)
    request = ItemRequest("listObjectsV2", f"{place.prefix}in/", "JSONL", flatten=True)

    values, _ = all_items(place.objects, request, limit)
    assert values == sorted(["in/a.jsonl", "in/b.jsonl", "in/sub/c.jsonl"] * 2)


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_inventory_names_packed_tables_and_their_columns(server, limit):
    objects = Objects(("s3://bucket/",), server.url, "us-east-1")
    files = {"d/1.csv.gz": b'"b","k1"\n"b","k2"\n', "d/2.csv.gz": b'"b","k3"\n'}
    for key, text in files.items():
        server.objects[f"/bucket/{key}"] = gzip.compress(text)
    manifest = {
        "destinationBucket": "arn:aws:s3:::bucket", "fileFormat": "CSV",
        "fileSchema": "Bucket, Key", "files": [{"key": key} for key in files],
    }  # fmt: skip
    server.objects["/bucket/manifest.json"] = json.dumps(manifest).encode()
    request = ItemRequest("getObject", "s3://bucket/manifest.json", "CSV", manifest="S3_INVENTORY")

    values, _ = all_items(objects, request, limit)
    assert values == [{"Bucket": "b", "Key": f"k{number}"} for number in (1, 2, 3)]


def test_a_querys_manifest_names_one_object_a_line(place):
    uris = [place.put(f"part{number}.jsonl", f"{number}\n".encode()) for number in (1, 2)]
    manifest = place.put("manifest.csv", "".join(f"{uri}\n" for uri in uris).encode())
    request = ItemRequest("getObject", manifest, "JSONL", manifest="ATHENA_DATA")

    assert all_items(place.objects, request, 1)[0] == [1, 2]


def test_a_window_ends_with_so_many_bytes(place):
    uri = place.put("big.jsonl", (json.dumps("x" * 1_000_000) + "\n").encode() * 6)

    read = place.objects.read_items(ItemRequest("getObject", uri, "JSONL"), None, 1000)
    assert 4 <= len(read.items) < 6
    assert not read.ended


def result(branch, file, **more):
    said = {"output": "[1]", "error": None, "cause": None, "status": "SUCCEEDED", **more}
    return Result(
        branch=branch, file=file, arn=f"arn:{branch}", machine_arn="arn:m", name=f"n{branch}",
        input='{"a":1}', started_at=0, stopped_at=1000, **said,
    )  # fmt: skip


def written(place, **more):
    """The files of two parts, one of them with a failure, and the manifest."""
    request = ResultRequest(f"{place.prefix}out/run/", "arn:run", **more)
    failed = result(1, "FAILED", status="FAILED", output=None, error="E", cause="why")
    answer = place.objects.write_results(request, [result(0, "SUCCEEDED"), failed], {})
    assert isinstance(answer, ResultsWritten)
    assert answer.after == 1
    answer = place.objects.write_results(request, [result(2, "SUCCEEDED")], answer.files)
    assert answer.after == 2
    answer = place.objects.write_results(request, [], answer.files)
    assert answer.after is None
    return json.loads(place.get("out/run/manifest.json"))


def test_results_go_to_files_by_what_became_of_them_and_to_a_manifest(place):
    manifest = written(place)

    names = {
        kind: [file["Key"].rsplit("/", 1)[1] for file in files]
        for kind, files in manifest["ResultFiles"].items()
    }
    assert names == {
        "FAILED": ["FAILED_0.json"],
        "PENDING": [],
        "SUCCEEDED": ["SUCCEEDED_0.json", "SUCCEEDED_1.json"],
    }
    assert manifest["MapRunArn"] == "arn:run"
    assert json.loads(place.get("out/run/FAILED_0.json")) == [
        {
            "ExecutionArn": "arn:1", "Input": '{"a":1}', "InputDetails": {"Included": True},
            "Name": "n1", "StateMachineArn": "arn:m", "Status": "FAILED", "Error": "E",
            "Cause": "why", "StartDate": "1970-01-01T00:00:00.000Z",
            "StopDate": "1970-01-01T00:00:01.000Z",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("transformation", "output_type", "text"),
    [
        ("COMPACT", "JSON", "[[1]]"),
        ("FLATTEN", "JSON", "[1]"),
        ("COMPACT", "JSONL", "[1]\n"),
        ("FLATTEN", "JSONL", "1\n"),
    ],
)
def test_outputs_may_stand_alone(place, transformation, output_type, text):
    written(place, transformation=transformation, output_type=output_type)

    name = f"out/run/SUCCEEDED_1.{output_type.lower()}"
    assert place.get(name).decode() == text


def test_a_writer_that_may_not_write_fails():
    request = ResultRequest("s3://elsewhere/run/", "arn:run")

    answer = Objects(("s3://bucket/",), "", "").write_results(request, [], {})
    assert (type(answer), answer.error) == (Raised, "States.ResultWriterFailed")
    assert "OBJECT_ALLOW" in answer.cause


def test_requests_to_s3_are_signed_where_there_are_credentials(server, monkeypatch):
    server.objects["/bucket/x.json"] = b"[1]"
    request = ItemRequest("getObject", "s3://bucket/x.json", "JSON")
    Objects(("s3://bucket/",), server.url, "us-east-1").read_items(request, None, 1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    Objects(("s3://bucket/",), server.url, "eu-west-1").read_items(request, None, 1)

    unsigned, signed = [
        {k.lower(): v for k, v in headers.items()} for _, _, headers in server.requests
    ]
    assert "authorization" not in unsigned
    assert signed["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
    assert "/eu-west-1/s3/aws4_request" in signed["authorization"]
