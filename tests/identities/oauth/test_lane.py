"""The short way past the session machinery answers as the route does."""

from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.test import Client

from identities.oauth.lane import LANE
from tests.factories import tokens as made
from tests.identities.oauth.wire import ASK, FORM, basic

pytestmark = pytest.mark.django_db
MIDDLEWARE = "identities.oauth.lane.PassportLane"


@pytest.mark.parametrize("path", LANE)
@pytest.mark.parametrize("is_short", [True, False])
def test_an_endpoint_answers_with_and_without_the_lane(
    client: Client, settings: LazySettings, path: str, is_short: bool
) -> None:
    if not is_short:
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != MIDDLEWARE]
    bot = made.bot(permissions=("token.introspect",))
    headers = basic(bot.client_id, bot.secret)
    answer = client.post(path, urlencode(ASK | {"token": "x"}), content_type=FORM, headers=headers)
    assert answer.status_code == 200, answer.content
    assert answer.headers["X-Correlation-ID"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


def test_a_session_is_worth_nothing_here(client: Client) -> None:
    client.force_login(made.person(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/passport/token", urlencode(ASK), content_type=FORM).status_code == 401
