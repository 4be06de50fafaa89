"""A Fn API and what invokes its functions, on two ports of this machine as on several ones."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class FnServer:
    """Apps and functions by name, each with an id; `url` is the API, `lb_url` the load balancer."""

    def __init__(self, *, unknown=404):
        self.apps = {}
        self.functions = {}
        self.endpoint = "{lb}/invoke/{id}"
        self.unknown = unknown
        self.answer = 200
        self.asked, self.invoked = [], []
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) for _ in range(2)]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.url, self.lb_url = (f"http://127.0.0.1:{s.server_port}" for s in self._servers)

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def deploy(self, app, function, id_):
        app_id = self.apps.setdefault(app, f"id-of-{app}")
        self.functions[(app_id, function)] = id_

    def _handler(self):
        fn = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                parts = urlsplit(self.path)
                fn.asked.append(parts.path)
                self._say(200, {"items": fn.listed(parts.path, dict(parse_qsl(parts.query)))})

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                fn.invoked.append(f"http://{self.headers['host']}{self.path}")
                known = self.path.rpartition("/")[2] in fn.functions.values()
                self._say(fn.answer if known else fn.unknown, {"message": "as it is"})

            def _say(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        return Handler

    def listed(self, path, query):
        if path.endswith("/v2/apps"):
            return [{"id": self.apps[query["name"]]}] if query["name"] in self.apps else []
        id_ = self.functions.get((query["app_id"], query["name"]))
        if id_ is None:
            return []
        said = self.endpoint.format(lb=self.lb_url, api=self.url, id=id_)
        return [{"id": id_, "annotations": {"fnproject.io/fn/invokeEndpoint": said}}]
