"""One request that cannot be led astray."""

import socket
import ssl
import time

import pytest

from scheduling.nodes import addresses, outbound
from scheduling.nodes.failures import AddressRefused, AnswerTooLarge, BadUrl, TimedOut, Unreachable
from tests.scheduling.nodes.wire import Wire, reply


@pytest.fixture
def loopback_allowed(settings):
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8", "::1/128"]


def get(url, *, method="GET", headers=None, body=None, seconds=5.0):
    return outbound.send(method, outbound.parse_url(url), headers=headers or {}, body=body, seconds=seconds)


def test_loopback_is_refused_unless_it_is_named():
    with Wire() as wire, pytest.raises(AddressRefused):
        get(wire.url)
    assert wire.requests == []


def test_of_the_demos_receiver_only_its_own_port_and_path_are_open(settings):
    with Wire() as wire, Wire() as other:
        settings.OUTBOUND_RECEIVER = ("127.0.0.1/32", wire.port, "/demo/payroll/")
        for url in (
            f"http://127.0.0.1:{wire.port}/metrics",
            f"http://127.0.0.1:{wire.port}/",
            f"http://127.0.0.1:{wire.port}/demo/payroll",
            f"http://127.0.0.1:{other.port}/demo/payroll/",
            f"http://127.0.0.2:{wire.port}/demo/payroll/",
        ):
            with pytest.raises(AddressRefused):
                get(url)
        assert get(f"http://localhost:{wire.port}/demo/payroll/runs").status == 200
    assert len(wire.requests) == 1
    assert other.requests == []


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]"]
)
def test_no_spelling_of_loopback_gets_by(host):
    with Wire() as wire, pytest.raises(AddressRefused):
        get(f"http://{host}:{wire.port}/")
    assert wire.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:pw@example.com/",
        "https://example.com\\@evil.example/",
        "https://example.com\t.evil.example/",
        "https://example.com/\r\nX: y",
        "https://example.com/\nx",
        "https://example.com/\x00",
        "https://exam%70le.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://[::1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://example.com/" + "a" * 5000,
    ],
)
def test_a_url_that_could_mean_something_else_is_refused(url):
    with pytest.raises(BadUrl):
        outbound.parse_url(url)


def test_a_url_is_taken_apart_in_one_spelling():
    target = outbound.parse_url("HTTPS://Example.COM:443/a b/ü?q=1&r=%20#fragment")
    assert (target.scheme, target.host, target.port) == ("https", "example.com", 443)
    assert target.path == "/a%20b/%C3%BC?q=1&r=%20"
    assert target.authority == "example.com"
    assert outbound.parse_url("http://[::1]:8080").authority == "[::1]:8080"


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-A", "b\r\nX-B: c"), ("X-A", "b\nc"), ("X-A", "b\x00"), ("X A", "b"), ("X-A:", "b"), ("", "b"), ("X-A", "☃")],
)
def test_a_header_cannot_start_another(loopback_allowed, name, value):
    with Wire() as wire, pytest.raises(BadUrl):
        get(wire.url, headers={name: value})
    assert wire.requests == []


@pytest.mark.parametrize("method", ["GET / HTTP/1.1\r\nX: y\r\n\r\n", "TRACE", "CONNECT", "get"])
def test_only_plain_methods_are_sent(loopback_allowed, method):
    with Wire() as wire, pytest.raises(BadUrl):
        get(wire.url, method=method)
    assert wire.requests == []


def test_a_request_carries_host_length_and_nothing_unasked(loopback_allowed):
    with Wire() as wire:
        answer = get(f"{wire.url}/pay?x=1", method="POST", headers={"X-A": "b"}, body=b"{}")
    assert (answer.status, answer.body) == (200, b'{"total": 12}')
    head = wire.requests[0].splitlines()
    assert head[0] == "POST /pay?x=1 HTTP/1.1"
    assert f"Host: {wire.host}" in head
    assert "Content-Length: 2" in head
    assert "Connection: close" in head
    assert wire.requests[0].endswith("{}")


def test_proxies_of_the_environment_are_not_used(loopback_allowed, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Wire() as wire:
        assert get(wire.url).status == 200


def test_a_redirect_is_an_answer_and_is_not_followed(loopback_allowed):
    with Wire() as aim, Wire(reply("302 Found", b"", f"Location: {aim.url}/")) as wire:
        assert get(wire.url, headers={"Authorization": "Bearer t"}).status == 302
    assert aim.requests == []


def test_the_name_is_resolved_once_and_the_checked_address_is_called(loopback_allowed, monkeypatch):
    asked = []

    def getaddrinfo(host, port, *args, **kwargs):
        asked.append(host)
        text = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port))]

    with Wire() as wire, monkeypatch.context() as patch:
        patch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
        # create_connection resolves its literal address through the same function.
        patch.setattr(outbound.socket, "create_connection", _connect_literal)
        answer = get(f"http://rebinding.example:{wire.port}/")
    assert answer.status == 200
    assert asked == ["rebinding.example"]
    assert f"Host: rebinding.example:{wire.port}" in wire.requests[0]


def _connect_literal(address, timeout=None):
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.settimeout(timeout)
    opened.connect(address)
    return opened


def test_tls_names_the_host_and_not_the_address(loopback_allowed, monkeypatch):
    named = []

    class Recorder:
        def wrap_socket(self, plain, *, server_hostname):
            named.append(server_hostname)
            return plain

    monkeypatch.setattr(outbound, "_tls", Recorder)
    with Wire() as wire:
        get(f"https://localhost:{wire.port}/")
    assert named == ["localhost"]


def test_certificates_and_names_are_checked():
    context = outbound._tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_plain_http_to_the_internet_is_refused(monkeypatch):
    def getaddrinfo(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(AddressRefused, match="TLS"):
        get("http://example.com/")


def test_an_answer_of_a_mebibyte_is_taken_and_one_byte_more_is_not(loopback_allowed):
    with Wire(reply("200 OK", b"x" * outbound.MOST_BYTES)) as wire:
        assert len(get(wire.url).body) == outbound.MOST_BYTES
    with Wire(reply("200 OK", b"x" * (outbound.MOST_BYTES + 1))) as wire, pytest.raises(AnswerTooLarge):
        get(wire.url)


def test_an_answer_without_end_is_too_large(loopback_allowed):
    def pour(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with Wire(pour) as wire, pytest.raises(AnswerTooLarge):
        get(wire.url)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-A", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
def test_an_answer_that_drips_ends_with_the_whole_time(loopback_allowed, start):
    def drip(connection):
        connection.sendall(start)
        for _ in range(100):
            connection.sendall(b"a")
            time.sleep(0.05)

    with Wire(drip) as wire, pytest.raises(TimedOut):
        get(wire.url, seconds=0.3)


@pytest.mark.parametrize(
    "answer", [b"", b"not http\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b"HTTP/1.1 abc\r\n\r\n"]
)
def test_what_is_no_whole_answer_is_worth_trying_again(loopback_allowed, answer):
    with Wire(answer) as wire, pytest.raises(Unreachable) as caught:
        get(wire.url)
    assert caught.value.retryable


def test_a_closed_port_is_unreachable(loopback_allowed):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            get(f"http://127.0.0.1:{bound.getsockname()[1]}/")
