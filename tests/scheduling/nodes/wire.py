"""A receiver on loopback that answers as it is told, byte for byte, and remembers what it was sent."""

import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n" + b'{"total": 12}'


class Wire:
    """`answer` is bytes, or a function that is handed the connection to misbehave on."""

    def __init__(self, answer: bytes | Callable[[socket.socket], None] = OK) -> None:
        self.answer = answer
        self.requests: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self.requests.append(self._read(connection))
                try:
                    if callable(self.answer):
                        self.answer(connection)
                    else:
                        connection.sendall(self.answer)
                except OSError:
                    continue

    def _read(self, connection: socket.socket) -> str:
        got = b""
        while b"\r\n\r\n" not in got:
            part = connection.recv(65536)
            if not part:
                return got.decode("latin-1")
            got += part
        head, _, body = got.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        wanted = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(body) < wanted:
            body += connection.recv(65536)
        return (head + b"\r\n\r\n" + body).decode("latin-1")


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
