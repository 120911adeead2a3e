"""Requests given to a WSGI application without a server, for what is timed piece by piece."""

import io
import sys
from collections.abc import Callable
from typing import Any


def surroundings(method: str, path: str, body: bytes = b"", **more: str) -> dict[str, Any]:
    """What a server would make of such a request, but for its body; `more` are headers and the like."""
    return {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000", "CONTENT_LENGTH": str(len(body)), "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr, **more,
    }  # fmt: skip


def answered(application: Callable[..., Any], around: dict[str, Any], body: bytes = b"") -> bytes:
    """The body of the answer; RuntimeError for any status but 200."""
    said: list[str] = []
    answer = application({**around, "wsgi.input": io.BytesIO(body)}, lambda status, headers: said.append(status))
    text = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    if not said[0].startswith("200"):
        raise RuntimeError(said[0])
    return text
