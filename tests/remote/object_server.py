"""A web server that keeps objects: plain ones, and buckets as S3 lists them."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Handler(BaseHTTPRequestHandler):
    """GET with ranges, PUT, and `?list-type=2`; every request is noted."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def do_GET(self):
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        if "list-type" in query:
            self._list(path.strip("/"), query)
        elif path in self.server.redirects:
            self._answer(302, b"", location=self.server.redirects[path])
        elif path not in self.server.objects:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._object(self.server.objects[path])

    def _object(self, data):
        wanted = self.headers.get("range", "") if self.server.ranges else ""
        start = int(wanted.removeprefix("bytes=").split("-")[0] or 0) if wanted else 0
        more = {"etag": etag(data), "last-modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
        if wanted and start >= len(data):
            self._answer(416, b"")
            return
        if wanted:
            more["content-range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._answer(206 if wanted else 200, data[start:], **more)

    def do_PUT(self):
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        data = self.rfile.read(int(self.headers["content-length"]))
        self.server.objects[unquote(urlsplit(self.path).path)] = data
        self._answer(200, b"", etag=etag(data))

    def _list(self, bucket, query):
        prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
        keys = sorted(path.removeprefix(f"/{bucket}/") for path in self.server.objects)
        found = [key for key in keys if key.startswith(prefix) and key > after]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>"
            f"{len(self.server.objects[f'/{bucket}/{key}'])}</Size>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for key in found
        )
        body = (
            '<?xml version="1.0"?><ListBucketResult '
            f'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name>'
            f"<Prefix>{prefix}</Prefix><KeyCount>{len(found)}</KeyCount><MaxKeys>1000</MaxKeys>"
            f"<IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        )
        self._answer(200, body.encode(), **{"content-type": "application/xml"})

    def _answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A reader that has enough hangs up."""


def etag(data):
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


@contextmanager
def object_server(*, ranges=True):
    """Serves `objects` by path; with its address as `url`."""
    server = Server(("127.0.0.1", 0), Handler)
    server.objects, server.redirects, server.requests, server.ranges = {}, {}, [], ranges
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
