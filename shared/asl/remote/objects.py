"""What a Distributed Map asks of object stores: the next items, and that results be written."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from asl.language import jsontext
from asl.language.errors import ITEM_READER_FAILED, RESULT_WRITER_FAILED
from asl.language.events import ItemsRead, Raised, ResultsWritten
from asl.language.item_request import LIST_OBJECTS, ItemRequest, ReadItem, ResultRequest, split_s3
from asl.language.items.csv_items import csv_items
from asl.language.items.formats import items_of
from asl.language.items.reading import BadObject, Element, Place, offset_of
from asl.language.result_files import Result, file_name, file_texts, manifest_text
from asl.language.scope import Json
from asl.remote.allow_list import ObjectFault, check_allowed
from asl.remote.stores import PIECE, S3, Files, Listed, ObjectStore, Web, behind

WINDOW_SIZE = 4 << 20  # bytes of the items that are read at a time
LARGEST_MANIFEST = 64 << 20  # bytes of a list of objects, which is read whole


class Objects:
    """Answers events and never raises for what is wrong with an object. Threads may share it."""

    def __init__(self, allow: Sequence[str], s3_endpoint: str, region: str) -> None:
        self._allow = allow
        self._stores: dict[str, ObjectStore] = {
            "file": Files(),
            "http": (web := Web()),
            "https": web,
            "s3": S3(s3_endpoint, region),
        }

    def read_items(self, request: ItemRequest, cursor: Json, limit: int) -> ItemsRead | Raised:
        """At most `limit` items, or WINDOW_SIZE bytes of them, from the cursor on."""
        items: list[ReadItem] = []
        size = 0
        try:
            for item in self._items(request, cursor or {}):
                if len(items) == limit or size > WINDOW_SIZE:
                    return ItemsRead(items, ended=False)
                items.append(item)
                size += len(jsontext.dumps(item.value))
        except (ObjectFault, BadObject, jsontext.InvalidJson) as fault:
            return Raised(ITEM_READER_FAILED, str(fault))
        return ItemsRead(items, ended=True)

    def _items(self, request: ItemRequest, cursor: dict[str, Json]) -> Iterator[ReadItem]:
        if request.action == LIST_OBJECTS:
            listed = self._list(request.uri, cursor.get("after", ""))
            return (
                self._listed(listed) if not request.flatten else self._all(request, listed, cursor)
            )
        if request.manifest:
            return self._of_manifest(request, cursor)
        return self._of_object(request, request.uri, cursor)

    def _listed(self, listed: Iterator[Listed]) -> Iterator[ReadItem]:
        """The objects of a listing are the items themselves."""
        for found in listed:
            item = {
                "Etag": found.etag,
                "Key": found.key,
                "LastModified": found.modified,
                "Size": found.size,
                "StorageClass": "STANDARD",
            }
            yield ReadItem(item, {"after": found.key})

    def _all(
        self, request: ItemRequest, listed: Iterator[Listed], cursor: dict[str, Json]
    ) -> Iterator[ReadItem]:
        """The items of all objects of a listing; the cursor stands in the first one."""
        after = cursor.get("after", "")
        for found in listed:
            for item in self._of_object(request, found.uri, cursor):
                yield ReadItem(item.value, {**item.cursor, "after": after}, item.key)
            after, cursor = found.key, {}

    def _of_manifest(self, request: ItemRequest, cursor: dict[str, Json]) -> Iterator[ReadItem]:
        """The items of all objects that another one names; the cursor says in which it stands."""
        inventory = request.manifest == "S3_INVENTORY"
        text = self._whole(request.uri)
        uris, headers = _inventory(text) if inventory else (_athena(text), request.headers)
        each = ItemRequest(
            request.action, "", "CSV" if inventory else request.input_type,
            delimiter=request.delimiter, headers=headers, pointer=request.pointer,
        )  # fmt: skip
        for number in range(cursor.get("file", 0), len(uris)):
            for item in self._of_object(each, uris[number], cursor):
                yield ReadItem(item.value, {**item.cursor, "file": number}, item.key)
            cursor = {}

    def _of_object(
        self, request: ItemRequest, uri: str, cursor: dict[str, Json]
    ) -> Iterator[ReadItem]:
        """The items of one object, from `cursor["place"]` on."""
        place: Place | None = cursor.get("place")
        version, chunks = self._read(uri, offset_of(place))
        if version != cursor.get("version", version):
            raise ObjectFault(f"{uri}: the object was changed while it was being read")
        element: Element
        for element in items_of(request, chunks, place):
            now = {"place": element.place, "version": version}
            yield ReadItem(element.value, now, element.key)

    def _read(self, uri: str, offset: int) -> tuple[str, Iterator[bytes]]:
        """The bytes of an object from `offset` on; what is compressed is read from its start."""
        store = self._store(uri)
        if not uri.endswith(".gz"):
            return store.read(uri, offset)
        version, chunks = store.read(uri, 0)
        return version, behind(offset, _decompressed(uri, chunks))

    def _whole(self, uri: str) -> bytes:
        data = b""
        for chunk in self._read(uri, 0)[1]:
            data += chunk
            if len(data) > LARGEST_MANIFEST:
                raise ObjectFault(f"{uri}: a manifest has at most {LARGEST_MANIFEST} bytes")
        return data

    def _list(self, uri: str, after: str) -> Iterator[Listed]:
        return self._store(uri).list(uri, after)

    def _store(self, uri: str) -> ObjectStore:
        store = self._stores.get(uri.partition("://")[0])
        if store is None:
            raise ObjectFault(f"{uri}: an object is named by file://, http(s):// or s3://")
        check_allowed(uri, self._allow)
        return store

    def write_results(
        self, request: ResultRequest, results: Sequence[Result], files: Json
    ) -> ResultsWritten | Raised:
        """The next files, or the manifest when there are no more results.

        Written anew after a crash they are the same files: nothing is doubled.
        """
        try:
            if not results:
                manifest = manifest_text(request, files)
                self._write(f"{request.uri}manifest.json", manifest)
                return ResultsWritten(None, files)
            written: dict[str, list[Json]] = {kind: list(names) for kind, names in files.items()}
            for kind, text in file_texts(request, results):
                names = written.setdefault(kind, [])
                names.append(self._write(request.uri + file_name(request, kind, len(names)), text))
            return ResultsWritten(results[-1].branch, written)
        except ObjectFault as fault:
            return Raised(RESULT_WRITER_FAILED, str(fault))

    def _write(self, uri: str, text: str) -> Json:
        data = text.encode()
        self._store(uri).write(uri, data)
        key = split_s3(uri)[2] if uri.startswith("s3://") else uri
        return {"Key": key, "Size": len(data)}


def _decompressed(uri: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                yield unpack.decompress(packed, PIECE)
                packed = unpack.unconsumed_tail
        yield unpack.flush()
    except zlib.error as fault:
        raise ObjectFault(f"{uri}: {fault}") from fault


def _inventory(text: bytes) -> tuple[list[str], tuple[str, ...]]:
    """The files of an S3 inventory, and the names of their columns."""
    try:
        manifest = jsontext.loads(text.decode())
        bucket = manifest["destinationBucket"].rpartition(":")[2]
        if manifest["fileFormat"] != "CSV":
            raise ObjectFault("An inventory is read in the format CSV alone")
        columns = tuple(name.strip() for name in manifest["fileSchema"].split(","))
        return [f"s3://{bucket}/{file['key']}" for file in manifest["files"]], columns
    except (UnicodeDecodeError, jsontext.InvalidJson, LookupError, TypeError, AttributeError) as no:
        raise ObjectFault("The object is no manifest of an S3 inventory") from no


def _athena(text: bytes) -> list[str]:
    """The objects that a query's manifest lists: one URI a line."""
    rows = csv_items([text], None, headers=("uri",))
    return [row.value["uri"].strip() for row in rows]
