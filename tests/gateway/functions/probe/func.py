"""Does what the body asks for: ``{"op": …}``; without a body it tells about itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from fdk import response

CALLS = 0


def handler(ctx, data=None):
    global CALLS
    CALLS += 1
    body = data.getvalue()
    request = json.loads(body) if body[:1] == b"{" else {}
    return OPERATIONS[request.get("op", "info")](ctx, request, body)


def info(ctx, request, body):
    value = {
        "pid": os.getpid(),
        "calls": CALLS,
        "env": dict(os.environ),
        "cwd": str(Path.cwd()),
        "headers": ctx.Headers(),
        "http_headers": ctx.HTTPHeaders(),
        "method": ctx.Method(),
        "url": ctx.RequestURL(),
        "length": len(body),
    }
    return _json(ctx, value, request.get("status", 200), request.get("headers", {}))


def sleep(ctx, request, body):
    time.sleep(request["seconds"])
    return info(ctx, request, body)


def mark(ctx, request, body):
    """Writes to a file when it starts and, some time later, when it ends."""
    with Path(request["file"]).open("a") as file:
        file.write(f"start {os.getpid()}\n")
        file.flush()
        time.sleep(request["seconds"])
        file.write("end\n")
    return "marked"


def fail(ctx, request, body):
    raise ValueError("the reason is lost")


def time_out(ctx, request, body):
    raise TimeoutError("too slow")


def die(ctx, request, body):
    os._exit(3)


def big(ctx, request, body):
    return response.Response(ctx, response_data=b"x" * request["bytes"], headers={})


def echo(ctx, request, body):
    return response.Response(ctx, response_data=body, headers={"Content-Type": "application/x"})


def print_lines(ctx, request, body):
    print("to stdout", flush=True)
    print("abc - httpx - DEBUG - noise", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    return ""


def spawn(ctx, request, body):
    child = subprocess.Popen(["sleep", "100"])
    return _json(ctx, {"pid": os.getpid(), "child": child.pid}, 200, {})


def _json(ctx, value, status, headers):
    headers = {"Content-Type": "application/json"} | headers
    return response.Response(ctx, json.dumps(value), headers, status_code=status)


OPERATIONS = {
    "info": info,
    "sleep": sleep,
    "mark": mark,
    "fail": fail,
    "time_out": time_out,
    "die": die,
    "big": big,
    "echo": echo,
    "print": print_lines,
    "spawn": spawn,
    "none": lambda ctx, request, body: None,
    "text": lambda ctx, request, body: "plain",
    "dict": lambda ctx, request, body: {"a": 1},
}
