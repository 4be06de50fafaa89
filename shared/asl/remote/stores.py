"""Object stores by the scheme of a URI: files, web servers, and what speaks S3.

All fail with ObjectFault alone. Bytes come in pieces, so that no object is held as a whole.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from asl.language.item_request import split_s3
from asl.remote.allow_list import ObjectFault, file_path

if TYPE_CHECKING:
    from obstore.store import S3Store

PIECE = 1 << 18  # bytes that are read at a time
TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing. key: its name in the bucket; elsewhere its whole URI.

    modified: seconds since epoch.
    """

    key: str
    uri: str
    etag: str
    modified: int
    size: int


class ObjectStore(ABC):
    """One kind of store."""

    @abstractmethod
    def read(self, uri: str, offset: int) -> tuple[str, Iterator[bytes]]:
        """What tells this version of the object from others, and its bytes from `offset` on."""

    @abstractmethod
    def write(self, uri: str, data: bytes) -> None:
        """Put an object in its place, or in place of what was there."""

    @abstractmethod
    def list(self, uri: str, after: str) -> Iterator[Listed]:
        """The objects whose URI begins with this one, by key, those behind `after`."""


class Files(ObjectStore):
    """file:///path"""

    def read(self, uri: str, offset: int) -> tuple[str, Iterator[bytes]]:
        path = file_path(uri)
        try:
            found = path.stat()
            return f"{found.st_mtime_ns}.{found.st_size}", self._pieces(uri, offset)
        except OSError as fault:
            raise ObjectFault(f"{uri}: {fault.strerror}") from fault

    def _pieces(self, uri: str, offset: int) -> Iterator[bytes]:
        try:
            with file_path(uri).open("rb") as file:
                file.seek(offset)
                while piece := file.read(PIECE):
                    yield piece
        except OSError as fault:
            raise ObjectFault(f"{uri}: {fault.strerror}") from fault

    def write(self, uri: str, data: bytes) -> None:
        path = file_path(uri)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f".{path.name}.part")
            unfinished.write_bytes(data)
            unfinished.replace(path)
        except OSError as fault:
            raise ObjectFault(f"{uri}: {fault.strerror}") from fault

    def list(self, uri: str, after: str) -> Iterator[Listed]:
        prefix = str(file_path(uri)) + ("/" if uri.endswith("/") else "")
        top = file_path(uri) if uri.endswith("/") else file_path(uri).parent
        paths = sorted(path for path in top.rglob("*") if str(path).startswith(prefix))
        for path in paths:
            name = path.as_uri()
            if name <= after or not path.is_file():
                continue
            found = path.stat()
            etag = f"{found.st_mtime_ns}.{found.st_size}"
            yield Listed(name, name, etag, int(found.st_mtime), found.st_size)


class Web(ObjectStore):
    """http(s)://host/path. Redirects are not followed: they may lead where nothing is allowed."""

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def read(self, uri: str, offset: int) -> tuple[str, Iterator[bytes]]:
        headers = {"accept-encoding": "identity"}
        start = before(offset)
        if start:
            headers["range"] = f"bytes={start}-"
        try:
            request = self._client.build_request("GET", uri, headers=headers)
            answer = self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise ObjectFault(f"{uri}: {fault}") from fault
        if answer.status_code not in (200, 206):
            answer.close()
            raise ObjectFault(f"{uri}: the server answered {answer.status_code}")
        version = answer.headers.get("etag") or answer.headers.get("last-modified", "")
        skipped = offset if answer.status_code == 200 else offset - start
        return version, behind(skipped, self._pieces(uri, answer))

    def _pieces(self, uri: str, answer: httpx.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_raw(PIECE)
        except httpx.HTTPError as fault:
            raise ObjectFault(f"{uri}: {fault}") from fault
        finally:
            answer.close()

    def write(self, uri: str, data: bytes) -> None:
        try:
            answer = self._client.put(uri, content=data)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise ObjectFault(f"{uri}: {fault}") from fault
        if not answer.is_success:
            raise ObjectFault(f"{uri}: the server answered {answer.status_code}")

    def list(self, uri: str, after: str) -> Iterator[Listed]:
        raise ObjectFault(f"{uri}: a web server has no listing")


class S3(ObjectStore):
    """s3://bucket/key, at AWS or, with an endpoint, at whatever speaks S3.

    Credentials come from AWS's usual environment variables; without any, requests are not signed.
    """

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._buckets: dict[str, S3Store] = {}

    def _bucket(self, name: str) -> S3Store:
        if name not in self._buckets:
            from obstore.store import S3Store  # imported where it is needed: start-up counts

            settings: Any = {"region": self._region}
            if self._endpoint:
                settings |= {"endpoint": self._endpoint, "virtual_hosted_style_request": False}
            if "AWS_ACCESS_KEY_ID" not in os.environ:
                settings["skip_signature"] = True
            self._buckets[name] = S3Store(
                name,
                config=settings,
                client_options={"allow_http": True, "timeout": f"{TIMEOUT_SECONDS}s"},
                retry_config={"max_retries": 3},
            )
        return self._buckets[name]

    def read(self, uri: str, offset: int) -> tuple[str, Iterator[bytes]]:
        import obstore

        bucket, _, key = split_s3(uri)
        start = before(offset)
        try:
            options: Any = {"range": {"offset": start}} if start else {}
            found = obstore.get(self._bucket(bucket), key, options=options)
            return found.meta["e_tag"] or "", behind(offset - start, self._pieces(uri, found))
        except _s3_faults() as fault:
            raise ObjectFault(_told(uri, fault)) from fault

    def _pieces(self, uri: str, found: Any) -> Iterator[bytes]:
        try:
            for piece in found.stream(min_chunk_size=PIECE):
                yield bytes(piece)
        except _s3_faults() as fault:
            raise ObjectFault(_told(uri, fault)) from fault

    def write(self, uri: str, data: bytes) -> None:
        import obstore

        bucket, _, key = split_s3(uri)
        try:
            obstore.put(self._bucket(bucket), key, data)
        except _s3_faults() as fault:
            raise ObjectFault(_told(uri, fault)) from fault

    def list(self, uri: str, after: str) -> Iterator[Listed]:
        """The client's own prefixes are whole folders, those of S3 any text."""
        import obstore

        bucket, _, prefix = split_s3(uri)
        folder = prefix.rpartition("/")[0] or None
        try:
            found = obstore.list(self._bucket(bucket), folder, offset=after or None)
            for batch in found:
                for meta in batch:
                    if meta["path"].startswith(prefix):
                        yield _listed(bucket, meta)
        except _s3_faults() as fault:
            raise ObjectFault(_told(uri, fault)) from fault


def _listed(bucket: str, meta: Any) -> Listed:
    modified = int(meta["last_modified"].timestamp())
    return Listed(
        meta["path"], f"s3://{bucket}/{meta['path']}", meta["e_tag"] or "", modified, meta["size"]
    )


def _s3_faults() -> tuple[type[Exception], ...]:
    from obstore.exceptions import BaseError

    return (BaseError, OSError, ValueError)


def _told(uri: str, fault: Exception) -> str:
    """The first line of what the client says; the rest describes its insides."""
    return f"{uri}: {str(fault).splitlines()[0] if str(fault) else type(fault).__name__}"


def before(offset: int) -> int:
    """Where to begin for what is behind `offset`: a byte earlier, since a server refuses a range
    that begins where the object ends.
    """
    return max(0, offset - 1)


def behind(count: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces without their first `count` bytes."""
    for piece in pieces:
        if count < len(piece):
            yield piece[count:]
        count = max(0, count - len(piece))
