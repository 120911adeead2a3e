import base64
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.factories import tokens as made

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


def basic(client_id: str, secret: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"


def ask(client: Client, bot, **form: str):
    body = urlencode({"grant_type": "client_credentials", **form})
    return client.post("/passport/token", body, content_type=FORM, HTTP_AUTHORIZATION=basic(bot.client_id, bot.secret))


def test_a_bot_gets_a_token(client: Client) -> None:
    answer = ask(client, made.bot())
    assert answer.status_code == 200, answer.content


def test_query_count(client: Client, django_assert_num_queries) -> None:
    bot = made.bot(permissions=("run.read",))
    ask(client, bot)
    with django_assert_num_queries(6) as seen:
        assert ask(client, bot).status_code == 200
    print("\n".join(q["sql"][:150] for q in seen.captured_queries))
