"""Stands between us and a database server, so that the server can go away and come back."""

from __future__ import annotations

import contextlib
import re
import socket
import threading

_ADDRESS = re.compile(r"(?P<host>[\w.-]+):(?P<port>\d+)\)?/")


class Proxy:
    """Passes bytes on while it is up. `url` is the server's own with this address in it."""

    def __init__(self, url: str) -> None:
        found = _ADDRESS.search(url)
        assert found is not None, "the URL names a host and a port"
        self._server = (found["host"], int(found["port"]))
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        own = f"127.0.0.1:{self._port}"
        self.url = url.replace(f"{found['host']}:{found['port']}", own, 1)

    def up(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        """Refuse new connections and cut those there are."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """Cut the connections there are; new ones are accepted."""
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def __enter__(self) -> Proxy:
        self.up()
        return self

    def __exit__(self, *_fault: object) -> None:
        self.down()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                ours, _ = listener.accept()
                theirs = socket.create_connection(self._server)
            except OSError:
                return
            self._open += [ours, theirs]
            for source, sink in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
