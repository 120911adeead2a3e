"""The lane in front of Django answers as Django does: the cases of the protocol again, for clients it remembers."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core import signals
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, close_old_connections

from audit.models import AuditEvent
from config.token_lane import TokenLane
from identities import throttle
from identities.oauth import views
from identities.tokens.models import IssuedToken
from identities.tokens.remembered import memory
from tests.factories import passport, tokens as made
from tests.identities.oauth.test_protocol import CASES, Cast, cast_of_this_test, deviation
from tests.identities.oauth.wire import ASK, Answer, Sent, basic, form

pytestmark = pytest.mark.django_db
OWN = {"x-correlation-id", "date"}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Nothing is remembered, and the transaction around the test stays open, as Django's own client has it."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    with passport.fresh():
        yield
    for signal in ends:
        signal.connect(close_old_connections)


def surroundings(sent: Sent) -> dict[str, Any]:
    """What a server makes of a request."""
    path, _, query = sent.path.partition("?")
    given = {name.upper().replace("-", "_"): value for name, value in sent.headers.items()}
    headers = {name if name == "CONTENT_TYPE" else f"HTTP_{name}": value for name, value in given.items()}
    return {
        "REQUEST_METHOD": sent.method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(sent.body.encode()),
        "CONTENT_LENGTH": str(len(sent.body.encode())), **headers,
    }  # fmt: skip


def asked(application: Callable[..., Any], environ: dict[str, Any]) -> Answer:
    said: list[Any] = []
    body = b"".join(application(environ, lambda status, headers: said.extend((status, headers))))
    return Answer(int(said[0].split()[0]), {name.lower(): value for name, value in said[1]}, body)


def nobody(environ: dict[str, Any], start_response: object) -> list[bytes]:
    raise AssertionError("The lane had to answer this.")


def plain(bot: made.Bot) -> Sent:
    return form(headers=basic(bot.client_id, bot.secret), **ASK)


def known() -> made.Bot:
    bot = made.bot(permissions=("run.read",))
    assert asked(WSGIHandler(), surroundings(plain(bot))).status == 200
    return bot


def test_each_request_has_the_answer_the_standards_want_by_the_lane_too() -> None:
    cast: Cast = cast_of_this_test()
    lane, found = TokenLane(WSGIHandler()), []
    for name, case in CASES.items():
        throttle.forget()
        cache.clear()
        asked(lane, surroundings(plain(cast.bot)))
        found.append(deviation(name, case, asked(lane, surroundings(case.sent(cast))), cast))
    assert not [line for line in found if line]


def test_a_remembered_client_never_comes_to_django_and_is_answered_with_the_same_headers() -> None:
    bot = known()
    there = asked(WSGIHandler(), surroundings(plain(bot)))
    here = asked(TokenLane(nobody), surroundings(plain(bot)))
    assert here.status == 200
    assert set(here.headers) == set(there.headers)
    differing = {name for name in there.headers if here.headers[name] != there.headers[name]}
    assert differing <= OWN
    assert here.headers["x-content-type-options"] == "nosniff"
    assert IssuedToken.objects.count() == AuditEvent.objects.filter(type="token.issued").count() == 3


def test_a_correlation_id_is_taken_over_into_the_record() -> None:
    bot = known()
    environ = surroundings(plain(bot)) | {"HTTP_X_CORRELATION_ID": "0123456789abcdef"}
    assert asked(TokenLane(nobody), environ).headers["x-correlation-id"] == "0123456789abcdef"
    assert AuditEvent.objects.latest("pk").correlation_id == "0123456789abcdef"


def test_plain_http_is_sent_to_https_where_that_is_asked_for(settings) -> None:
    bot = known()
    settings.SECURE_SSL_REDIRECT, settings.SECURE_REDIRECT_EXEMPT = True, []
    before = IssuedToken.objects.count()
    assert asked(TokenLane(WSGIHandler()), surroundings(plain(bot))).status == 301
    assert IssuedToken.objects.count() == before


def test_whoever_is_not_remembered_is_answered_by_django_from_the_same_body() -> None:
    bot = known()
    memory.clear()
    assert asked(TokenLane(WSGIHandler()), surroundings(plain(bot))).status == 200
    wrong = form(headers=basic(bot.client_id, "wrong"), **ASK)
    assert asked(TokenLane(WSGIHandler()), surroundings(wrong)).error == "invalid_client"
    assert AuditEvent.objects.filter(type="token.refused").count() == 1


@pytest.mark.parametrize("failure", [OperationalError("gone"), RuntimeError("a fault of ours")])
def test_what_fails_in_the_lane_is_for_django_to_say(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    bot = known()

    def fail(*_given: object) -> None:
        raise failure

    monkeypatch.setattr(views, "grant_again", fail)
    handler = WSGIHandler()
    if isinstance(failure, OperationalError):
        answer = asked(TokenLane(handler), surroundings(plain(bot)))
        assert (answer.status, answer.error) == (503, "temporarily_unavailable")
    else:
        assert asked(TokenLane(handler), surroundings(plain(bot))).status == 500
    assert IssuedToken.objects.count() == 1


@pytest.mark.parametrize("told", ["", "x", "-1", "9000", "²"])
def test_a_body_without_a_plain_length_is_left_unread(told: str) -> None:
    seen: list[bytes] = []
    environ = surroundings(plain(made.bot())) | {"CONTENT_LENGTH": told}

    def django(environ: dict[str, Any], start_response: object) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        return []

    list(TokenLane(django)(environ, lambda *_given: lambda _written: None))
    assert seen == [b"grant_type=client_credentials"]
