"""How large a request may be."""

import pytest
from django.conf import settings
from waitress.adjustments import Adjustments

from config.portal.bodies import MAX_BODY, MIB, UPLOADS, UploadParser

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
