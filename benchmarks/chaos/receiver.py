"""`python -m benchmarks.chaos.receiver PORT LOG PAUSE`: somebody else's system, which honours the Idempotency-Key.

Each request is a line of the log before it is answered; of several with one key only the first has an effect. PAUSE is
how many seconds an answer takes: the time in which a kill falls between the effect and its record.
"""

import json
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Receiver(ThreadingHTTPServer):
    """Listens on loopback; `keys` are those that have had their effect."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, log: Path, pause: float) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.log, self.lock, self.keys, self.pause = log.open("a"), threading.Lock(), set[str](), pause

    def note(self, key: str, body: dict[str, Any]) -> bool:
        """Whether this request is the first with its key."""
        with self.lock:
            is_first = key not in self.keys
            self.keys.add(key)
            line = {"at": datetime.now(UTC).isoformat(), "key": key, **body, "effect": is_first}
            self.log.write(json.dumps(line) + "\n")
            self.log.flush()
        return is_first

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever called was killed meanwhile."""


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        is_first = self.server.note(self.headers.get("Idempotency-Key", ""), body)
        time.sleep(self.server.pause)
        self.send_response(201 if is_first else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Its own log says enough."""


if __name__ == "__main__":
    Receiver(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])).serve_forever(poll_interval=0.1)
