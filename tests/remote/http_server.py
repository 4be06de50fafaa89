"""A web server that answers HTTP Tasks as it is told, and notes what it was asked."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers `server.answers[path]`: (status, headers, body), or a function of the handler."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        self.server.requests.append(
            {
                "method": self.command,
                "target": self.path,
                "headers": self.headers.items(),
                "body": self.rfile.read(length).decode(),
            }
        )
        wanted = self.server.answers.get(self.path.partition("?")[0], (404, {}, b"no such thing"))
        if callable(wanted):
            wanted(self)
            return
        status, headers, body = wanted
        if not isinstance(body, bytes):
            headers, body = (
                {"Content-Type": "application/json", **headers},
                json.dumps(body).encode(),
            )
        self.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = answer  # noqa: N815 - the server's names


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A caller that has waited long enough hangs up."""


def drips_headers(handler):
    """Headers without an end, each sooner than any read may take."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    _drip(handler, b"X-More: 1\r\n")


def drips_body(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    _drip(handler, b"x")


def _drip(handler, drop):
    while not handler.server.stopped.wait(0.02):
        handler.wfile.write(drop)
        handler.wfile.flush()


def hangs_up(handler):
    handler.close_connection = True


@contextmanager
def http_server():
    """Serves `answers` by path; with its address as `url`."""
    server = Server(("127.0.0.1", 0), Handler)
    server.answers, server.requests, server.stopped = {}, [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
