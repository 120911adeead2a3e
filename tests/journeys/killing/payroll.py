"""A receiver that outlives every kill."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Payroll:
    """A receiver that outlives every kill; it keeps each request's key and time, and answers after a moment."""

    pause: float
    address: str = ""
    delivered: list[tuple[str, datetime]] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[Self]:
        payroll = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                payroll.delivered.append((self.headers["Idempotency-Key"], datetime.now(UTC)))
                time.sleep(payroll.pause)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return  # whoever called was killed meanwhile

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.address = f"127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
