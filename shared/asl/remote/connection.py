"""One HTTP connection whose request is followed by no wait: who is asked answers when it likes."""

from __future__ import annotations

import select
import socket
import ssl
from http.client import HTTPResponse
from urllib.parse import urlsplit

CONNECT_SECONDS = 5
READ_SECONDS = 5  # for the rest of an answer that has begun
# What Go's HTTP server reads at once. A request that ends on its edge leaves what follows unread.
BLOCK = 4096
EMPTY_LINE = b"\r\n"


class Connection:
    """A connection to the server of a URL. Every verb may raise OSError or HTTPException."""

    def __init__(self, url: str) -> None:
        self._server = server_of(url)
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host = parts.hostname or ""
        port = parts.port or (443 if secure else 80)
        self._host = parts.netloc.rpartition("@")[2]
        plain = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = ssl.create_default_context() if secure else None
        self._socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        self._socket.settimeout(READ_SECONDS)
        self._answer: HTTPResponse | None = None
        self.reusable = False

    def leads_to(self, url: str) -> bool:
        """Whether a URL is on the server of this connection."""
        return self._server == server_of(url)

    def post(self, url: str, headers: dict[str, str], body: bytes) -> None:
        """Send a request in one piece that fills whole blocks. url: one of this server's."""
        self.reusable = False
        path = urlsplit(url).path
        self._socket.sendall(request(self._host, path, headers, body))
        self._answer = HTTPResponse(self._socket, method="POST")

    def outlive(self) -> None:
        """Let the call live on when this end dies.

        Go's server ends a call whose connection closes, but stops watching for that as soon as it
        has read one byte more (golang/go#37145). To others it is the empty line that every server
        skips before a request (RFC 9112, 2.2).
        """
        self._socket.sendall(EMPTY_LINE)

    def answered(self, seconds: float) -> bool:
        """Whether an answer begins (or the connection is closed) within `seconds`."""
        poller = select.poll()
        poller.register(self._socket, select.POLLIN | select.POLLHUP | select.POLLERR)
        if not poller.poll(seconds * 1000):
            return False
        if self._answer is None or not isinstance(self._socket, ssl.SSLSocket):
            return True
        self._socket.settimeout(0)
        try:
            self._answer.fp.peek(1)
        except ssl.SSLWantReadError:  # a message of TLS's own
            return False
        except OSError:  # `read` says what is wrong
            return True
        finally:
            self._socket.settimeout(READ_SECONDS)
        return True

    def read(self) -> int:
        """The status of the answer, which is read to its end."""
        answer, self._answer = self._answer, None
        if answer is None:
            raise ConnectionError("nothing was asked")
        answer.begin()
        answer.read()
        self.reusable = not answer.will_close
        return answer.status

    def close(self) -> None:
        self._socket.close()


def server_of(url: str) -> tuple[str, str]:
    """What a connection depends on: scheme, and host with port."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def request(host: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A POST request, filled up by a header to whole blocks."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "Fn-States-Fill: "]).encode()
    ending = b"\r\n\r\n" + body
    fill = -(len(head) + len(ending)) % BLOCK
    return head + b"0" * fill + ending
