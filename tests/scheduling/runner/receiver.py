"""A payroll system over HTTP, for tests: it does what it is told to and remembers every request."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connection


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Receiver:
    """`answers` holds statuses to give, in turn; then 200. `before` is called with each request."""

    url: str = ""
    host: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    before: Callable[[Request], None] = lambda _: None
    body: Any = None

    def keys(self) -> list[str]:
        return [request.headers["idempotency-key"] for request in self.requests]

    def tokens(self) -> list[str]:
        return [request.headers["authorization"].removeprefix("Bearer ") for request in self.requests]

    def node(self, name: str = "pay", **more: Any) -> dict[str, Any]:
        return {"id": name, "kind": "http_call", "params": {"method": "POST", "url": f"{self.url}/{name}"}, **more}


def understood(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request("POST", self.path, headers, understood(raw.decode()))
            receiver.requests.append(request)
            try:
                receiver.before(request)
            finally:
                connection.close()  # what a test does here may open one for this thread
            status = receiver.answers.pop(0) if receiver.answers else 200
            answer = json.dumps(receiver.body if receiver.body is not None else {"paid": True}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.host = f"127.0.0.1:{server.server_port}"
    receiver.url = f"http://{receiver.host}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
