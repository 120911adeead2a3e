"""Address and data folder of one portal."""

from argparse import ArgumentTypeError

import pytest

from config.portal.listening import Address, CannotStart, hold, listen, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8000", Address("127.0.0.1", 8000)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:9000", Address("::1", 9000)),
    ],
)
def test_host_and_port_are_read(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["8000", "localhost", ":8000", "a:b", "127.0.0.1:70000", "h:1/x", "u@h:1", ""])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(ArgumentTypeError, match="HOST:PORT"):
        parse(text)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (Address("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        (Address("0.0.0.0", 8000), "http://127.0.0.1:8000"),
        (Address("::1", 9000), "http://[::1]:9000"),
    ],
)
def test_the_url_is_one_a_browser_here_can_open(address, url):
    assert address.url == url


def test_a_taken_port_is_refused_and_names_itself():
    listener, address = listen(Address("127.0.0.1", 0))
    with listener, pytest.raises(CannotStart, match=str(address.port)):
        listen(address)


def test_a_host_that_is_not_ours_is_refused():
    with pytest.raises(CannotStart, match=r"192\.0\.2\.1"):
        listen(Address("192.0.2.1", 0))


def test_a_folder_is_held_by_one_portal_at_a_time(tmp_path):
    with hold(tmp_path), pytest.raises(CannotStart, match="already runs"):
        hold(tmp_path)
    hold(tmp_path).close()
