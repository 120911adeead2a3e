"""Where a message may be posted: nowhere inside, nowhere in clear, nowhere that an answer points to."""

from typing import Any

import pytest

from identities.notifications.sinks import posting
from identities.notifications.sinks.base import SinkFailed
from tests.factories.receivers import Receiver, receiving


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://a.example/x", "https://", "https:///x", "https://user:password@a.example/",
        "https://a.example/\nX: y",
        "https://a.example/ x", "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://169.254.169.254/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "http://a.example/", "http://93.184.216.34/", "https://a\\b.example/",
        "https://a.example:99999/", "https://a.example/" + "x" * 600, "https://é.example/",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_called_is_refused_as_it_is_written(url: str) -> None:
    assert posting.problem_with(url)
    with pytest.raises(SinkFailed):
        posting.post(url, body=b"", headers={})


def test_a_name_that_stands_for_a_private_address_is_refused_when_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(*args: Any, **kwargs: Any) -> list[Any]:
        return [(0, 0, 0, "", ("127.0.0.1", 443))]

    monkeypatch.setattr("identities.vaults.landing.socket.getaddrinfo", inside)
    with pytest.raises(SinkFailed, match="private address"):
        posting.post("https://rebound.example/", body=b"", headers={})


def test_plain_http_goes_to_allowed_networks_alone(settings: Any) -> None:
    with receiving() as receiver:
        with pytest.raises(SinkFailed):
            posting.post(receiver.url, body=b"x", headers={})
        assert receiver.bodies == []
        settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
        posting.post(receiver.url, body=b"x", headers={})
        assert receiver.bodies == [b"x"]


def test_a_redirect_is_not_followed(settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiving() as elsewhere, receiving() as receiver:
        receiver.answers, receiver.location = [307], elsewhere.url
        with pytest.raises(SinkFailed, match="redirect"):
            posting.post(receiver.url, body=b"x", headers={})
        assert elsewhere.bodies == []


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_any_other_answer_than_yes_is_a_failure(settings: Any, status: int) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiving() as receiver:
        receiver.answers = [status]
        with pytest.raises(SinkFailed, match=str(status)):
            posting.post(receiver.url, body=b"x", headers={})


def test_nobody_there_is_said_without_the_address(settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    gone = Receiver()
    with receiving() as receiver:
        gone.url = receiver.url
    with pytest.raises(SinkFailed, match="cannot be reached") as failed:
        posting.post(gone.url, body=b"x", headers={})
    assert "127.0.0.1" not in str(failed.value)
