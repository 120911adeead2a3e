"""Where a call may land, however the host is written and whatever it resolves to."""

import socket

import pytest

from identities import networks
from scheduling.nodes import addresses
from scheduling.nodes.failures import AddressRefused, BadUrl, Unreachable


@pytest.mark.parametrize(
    "text",
    ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.1", "0x7f.1", "1.2.3.4.5", "256.1.1.1", "10.0.0.08"],
)
def test_numbers_that_only_a_resolver_takes_for_an_address_are_no_hosts(text):
    with pytest.raises(BadUrl):
        addresses.canonical_host(text)


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a..b", "-a.example", "a_b!.example", "*.example.com", "a" * 64 + ".example", "a\r\nb", "fe80::1%eth0"],
)
def test_what_is_no_host_name_is_refused(text):
    with pytest.raises(BadUrl):
        addresses.canonical_host(text)


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("\uff10\uff58.example", "0x.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("0:0::1", "::1"),
        ("localhost", "localhost"),
    ],
)
def test_a_host_has_one_spelling(text, spelling):
    assert addresses.canonical_host(text) == spelling


def test_an_allowed_host_without_port_covers_the_schemes_own_only():
    entry = addresses.parse_allowed("API.example.com")
    assert entry.covers("api.example.com", 443, "https")
    assert entry.covers("api.example.com", 80, "http")
    assert not entry.covers("api.example.com", 8443, "https")
    assert not entry.covers("evil.api.example.com", 443, "https")
    assert not entry.covers("api.example.com.evil.example", 443, "https")


def test_an_allowed_host_with_port_covers_that_port_only():
    entry = addresses.parse_allowed("127.0.0.1:9000")
    assert entry.covers("127.0.0.1", 9000, "http")
    assert not entry.covers("127.0.0.1", 80, "http")
    assert addresses.parse_allowed("[::1]:9000").covers("::1", 9000, "http")


@pytest.mark.parametrize(
    "text", ["", "https://a.example", "a.example/x", "a.example:0", "a.example:99999", "*", "u@a.example", "a:b", "a b"]
)
def test_what_is_no_allowed_host_is_refused(text):
    with pytest.raises(BadUrl):
        addresses.parse_allowed(text)


def answering(monkeypatch, *found):
    def getaddrinfo(host, port, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)


def test_one_bad_address_among_good_ones_refuses_the_host(monkeypatch):
    answering(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        addresses.checked("two-faced.example", 443, allowed=[], timeout=5)


def test_a_named_network_is_allowed_also_in_its_mapped_form(monkeypatch):
    allowed = networks.networks(["127.0.0.0/8", "fd00::/8"])
    for text in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::1"):
        answering(monkeypatch, text)
        assert addresses.checked("inside.example", 80, allowed=allowed, timeout=5)
    answering(monkeypatch, "10.0.0.1")
    with pytest.raises(AddressRefused):
        addresses.checked("inside.example", 80, allowed=allowed, timeout=5)


def test_a_name_nobody_knows_is_unreachable(monkeypatch):
    def getaddrinfo(host, port, **kwargs):
        raise socket.gaierror(8, "not known")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Unreachable):
        addresses.checked("nowhere.example", 443, allowed=[], timeout=5)
