"""What a Distributed Map asks of object stores: items to read, results to write.

An object is named by a URI: `file:///path`, `http(s)://host/path` or `s3://bucket/key`.
"""

from __future__ import annotations

from dataclasses import dataclass

from asl.language.scope import Json

GET_OBJECT = "getObject"
LIST_OBJECTS = "listObjectsV2"


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """Where the items of a Map Run are and how they are written there.

    action: GET_OBJECT or LIST_OBJECTS (uri: the prefix). input_type: CSV, JSON, JSONL; empty where
    the listing itself holds the items. flatten: read every listed object. manifest: S3_INVENTORY
    or ATHENA_DATA where the object names others. pointer: JSON Pointer to the items. limit: how
    many items there may be, 0 for no limit.
    """

    action: str
    uri: str
    input_type: str = ""
    flatten: bool = False
    manifest: str = ""
    delimiter: str = ","
    headers: tuple[str, ...] | None = None
    pointer: str = ""
    limit: int = 0

    def as_json(self) -> dict[str, Json]:
        headers = None if self.headers is None else list(self.headers)
        return {
            "action": self.action, "uri": self.uri, "input_type": self.input_type,
            "flatten": self.flatten, "manifest": self.manifest, "delimiter": self.delimiter,
            "headers": headers, "pointer": self.pointer, "limit": self.limit,
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Json]) -> ItemRequest:
        headers = value["headers"]
        return cls(**{**value, "headers": None if headers is None else tuple(headers)})

    @property
    def source(self) -> str:
        """What `Map.Item.Source` says of its items."""
        if not self.uri.startswith("s3://"):
            return self.uri
        bucket, _, key = split_s3(self.uri)
        return f"S3://{bucket}" if self.action == LIST_OBJECTS else f"S3://{bucket}/{key}"


@dataclass(frozen=True, slots=True)
class ResultRequest:
    """Where the results of a Map Run go and how they are written there.

    uri: the folder of the run, ending in a slash. transformation: NONE, COMPACT or FLATTEN; failed
    children are written as with NONE whatever it says. output_type: JSON or JSONL.
    """

    uri: str
    map_run_arn: str
    transformation: str = "NONE"
    output_type: str = "JSON"

    def as_json(self) -> dict[str, Json]:
        return {
            "uri": self.uri, "map_run_arn": self.map_run_arn,
            "transformation": self.transformation, "output_type": self.output_type,
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Json]) -> ResultRequest:
        return cls(**value)

    @property
    def manifest(self) -> dict[str, Json]:
        """Where the manifest is, as the state's result says it."""
        uri = f"{self.uri}manifest.json"
        if not uri.startswith("s3://"):
            return {"Uri": uri}
        bucket, _, key = split_s3(uri)
        return {"Bucket": bucket, "Key": key}


@dataclass(frozen=True, slots=True)
class ReadItem:
    """One item as it was read. key: of an object's member. cursor: where reading goes on."""

    value: Json
    cursor: Json
    key: str | None = None


def s3_uri(bucket: str, key: str) -> str:
    """The URI of an object of a bucket; a Bucket that is a URI itself is a folder elsewhere."""
    if "://" in bucket:
        return f"{bucket.rstrip('/')}/{key}"
    return f"s3://{bucket}/{key}"


def split_s3(uri: str) -> tuple[str, str, str]:
    """Bucket, slash and key of an s3:// URI, in which a key stands as it is."""
    bucket, slash, key = uri.removeprefix("s3://").partition("/")
    return bucket, slash, key
