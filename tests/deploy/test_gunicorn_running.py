"""gunicorn with the shipped file: a connection that it calls a lasting one lasts, whatever was refused on it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from benchmarks.servers import end, free_port
from tests.deploy.files import DEPLOY

REFUSES_UNREAD = """
def application(environ, start_response):
    start_response("413 Too Large", [("Content-Length", "0")])
    return [b""]
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder, port = tmp_path_factory.mktemp("gunicorn"), free_port()
    (folder / "refusing.py").write_text(REFUSES_UNREAD)
    command = [sys.executable, "-m", "gunicorn", "refusing", "--config", str(DEPLOY / "gunicorn.conf.py")]
    environment = {"PATH": os.environ["PATH"], "WEB_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
    try:
        _wait(port, folder)
        yield port
    finally:
        end(process)


@pytest.mark.parametrize("size", [0, 1_000, 300_000, 3_000_000])
def test_what_was_refused_unread_closes_no_connection_that_the_next_request_comes_by(port: int, size: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as wire:
        wire.connect()
        first = wire.sock
        for _ in range(20):
            wire.request("POST", "/", body=b"a" * size)
            with wire.getresponse() as answer:
                assert (answer.status, answer.read()) == (413, b"")
            assert wire.sock is first


def _wait(port: int, folder: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"gunicorn did not start in {folder}.")
