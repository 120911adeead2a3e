"""How large a request may be, and how slow."""

import socket
import threading
import time
from http.client import HTTPConnection

import pytest
from django.conf import settings
from waitress.adjustments import Adjustments
from waitress.server import create_server

from config.portal import bodies
from config.portal.bodies import MAX_BODY, MIB, UPLOADS, UploadChannel, UploadParser

PAGE = "/admin/identities/importrun/add/"


def parsed(path: str, length: int, *, method: str = "POST") -> UploadParser:
    parser = UploadParser(Adjustments(max_request_body_size=MAX_BODY))
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    parser.received(head.encode())
    return parser


@pytest.mark.parametrize(
    "path", ["/api/identities", "/admin/login/", "/admin/identities/importrun/", "/passport/token"]
)
def test_a_large_body_is_refused_everywhere_else(path):
    assert parsed(path, 3 * MIB).error.code == 413


@pytest.mark.parametrize("path", sorted(UPLOADS))
def test_more_than_the_setting_is_refused_where_files_go_too(path):
    assert parsed(path, settings.STEWARD_IMPORT_MAX_MB * MIB + MAX_BODY).error.code == 413


def test_only_sending_is_given_room():
    assert parsed(PAGE, 3 * MIB, method="PUT").error.code == 413


@pytest.mark.parametrize("path", sorted(UPLOADS))
def test_exported_files_are_taken_where_they_are_expected(path):
    assert parsed(path, 3 * MIB).error is None


def test_the_room_for_one_request_is_not_left_to_the_next():
    limits = Adjustments(max_request_body_size=MAX_BODY)
    first = UploadParser(limits)
    first.received(f"POST {PAGE} HTTP/1.1\r\nHost: a\r\nContent-Length: {3 * MIB}\r\n\r\n".encode())
    assert limits.max_request_body_size == MAX_BODY


@pytest.fixture
def impatient(monkeypatch):
    """A server that waits a tenth of a second for a request, and its address."""
    monkeypatch.setattr(bodies, "ARRIVES_WITHIN", 0.1)
    listener = socket.create_server(("127.0.0.1", 0))
    server = create_server(served, sockets=[listener], threads=1, asyncore_use_poll=True)
    server.channel_class = UploadChannel
    serving = threading.Thread(target=server.asyncore.loop, kwargs={"timeout": 0.05, "map": server._map})
    serving.start()
    yield listener.getsockname()
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)
    serving.join()


def served(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.mark.parametrize(
    "part",
    [b"GET / HTT", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"],
)
def test_who_sends_a_part_and_waits_is_told_so_and_let_go(impatient, part):
    with socket.create_connection(impatient, timeout=10) as slow:
        slow.sendall(part)
        answer = slow.makefile("rb").read()
    assert answer.split()[1] == b"408"


def test_a_connection_between_two_requests_is_not_late(impatient):
    idle = HTTPConnection(*impatient, timeout=10)
    for _ in range(2):
        idle.request("GET", "/")
        assert idle.getresponse().read() == b"ok"
        time.sleep(0.2)
    idle.close()
