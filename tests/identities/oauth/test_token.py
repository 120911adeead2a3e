"""The token endpoint: what a request costs, who has to wait, and what is written down."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from identities import throttle
from identities.inventory.states import State
from identities.oauth import refusals, views
from identities.tokens.models import IssuedToken, OAuthClient
from identities.tokens.remembered import memory
from tests.factories import tokens as made
from tests.identities.oauth.wire import ASK, FORM, basic

pytestmark = pytest.mark.django_db


def ask(client: Client, client_id: str, secret: str, address: str = "192.0.2.1", **more: str) -> Any:
    headers = basic(client_id, secret)
    return client.post(
        "/passport/token", urlencode(ASK | more), content_type=FORM, headers=headers, REMOTE_ADDR=address
    )


def queries_of(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work()
    return [" ".join(query["sql"].split()[: 3 if "INTO" in query["sql"] else 1]) for query in seen.captured_queries]


def test_an_unknown_a_wrong_and_a_stopped_client_cost_the_same(client: Client) -> None:
    bot, stopped = made.bot(), made.bot()
    made.stop(stopped.identity)
    attempts = [("mi_nobody", bot.secret), (bot.client_id, "wrong"), (stopped.client_id, stopped.secret)]
    costs = [queries_of(partial(ask, client, *attempt)) for attempt in attempts]
    assert costs[0] == costs[1] == costs[2]
    answers = {(answer.status_code, answer.content) for answer in (ask(client, *attempt) for attempt in attempts)}
    assert len(answers) == 1


def test_a_first_token_costs_one_read_and_one_short_transaction(client: Client, django_assert_num_queries) -> None:
    bot = made.bot(permissions=("run.read",))
    ask(client, bot.client_id, bot.secret)
    memory.clear()
    written = ["WITH"] if connection.vendor == "postgresql" else ["INSERT", "INSERT"]
    with django_assert_num_queries(1 + len(written)) as seen:
        assert ask(client, bot.client_id, bot.secret).status_code == 200
    verbs = [query["sql"].split()[0] for query in seen.captured_queries]
    assert verbs == ["SELECT", *written]


@pytest.mark.parametrize("scope", ["", "roles", "openid", "openid roles"])
def test_the_next_one_costs_a_single_statement_on_postgresql(
    client: Client, django_assert_num_queries, scope: str
) -> None:
    bot = made.bot(permissions=("run.read",))
    first = ask(client, bot.client_id, bot.secret, **({"scope": scope} if scope else {})).json()
    is_one = connection.vendor == "postgresql"
    expected = ["WITH"] if is_one else ["SELECT", "INSERT", "INSERT"]
    with django_assert_num_queries(len(expected)) as seen:
        answer = ask(client, bot.client_id, bot.secret, **({"scope": scope} if scope else {}))
    assert [query["sql"].split()[0] for query in seen.captured_queries] == expected
    assert answer.json().keys() == first.keys()
    assert {**answer.json(), "access_token": ""} == {**first, "access_token": ""}
    assert answer.headers["Cache-Control"] == "no-store"


def test_past_ten_failures_a_minute_the_eleventh_has_to_wait(client: Client) -> None:
    bot = made.bot()
    answers = [ask(client, bot.client_id, "wrong") for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].headers["Cache-Control"] == "no-store"


def test_a_right_secret_passes_whatever_strangers_do(client: Client) -> None:
    bot = made.bot()
    for _ in range(15):
        ask(client, bot.client_id, "wrong")
    assert ask(client, bot.client_id, bot.secret).status_code == 200


def test_failures_are_counted_for_each_client_and_address(client: Client) -> None:
    bot, other = made.bot(), made.bot()
    for _ in range(11):
        ask(client, bot.client_id, "wrong")
    assert ask(client, bot.client_id, "wrong").status_code == 429
    assert ask(client, bot.client_id, "wrong", address="192.0.2.2").status_code == 401
    assert ask(client, other.client_id, "wrong").status_code == 401


def test_a_minute_later_nobody_has_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bot, clock = made.bot(), [1000.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: clock[0])
    for _ in range(11):
        ask(client, bot.client_id, "wrong")
    clock[0] += throttle.WINDOW_SECONDS
    cache.clear()
    assert ask(client, bot.client_id, "wrong").status_code == 401


def test_failures_in_another_process_count_here(client: Client) -> None:
    bot = made.bot()
    for _ in range(10):
        ask(client, bot.client_id, "wrong")
    throttle.windows.clear()
    assert ask(client, bot.client_id, "wrong").status_code == 429


def test_without_a_cache_the_endpoint_goes_on_and_counts_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError("no cache")

    monkeypatch.setattr(throttle.cache, "add", down)
    bot = made.bot()
    assert [ask(client, bot.client_id, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]
    assert ask(client, bot.client_id, bot.secret).status_code == 200


@pytest.mark.parametrize(
    ("state", "reason"), [(State.ACTIVE, "wrong secret"), (State.QUARANTINED, "identity is quarantined")]
)
def test_a_refusal_of_a_known_client_is_recorded_with_its_name(client: Client, state: State, reason: str) -> None:
    bot = made.bot()
    made.stop(bot.identity, state)
    ask(client, bot.client_id, "wrong")
    event = AuditEvent.objects.get(type="token.refused")
    assert (event.outcome, event.reason, event.actor_client_id) == ("denied", reason, bot.client_id)
    assert (event.subject_id, event.tenant_id, event.address) == (
        str(bot.identity.id),
        bot.identity.tenant_id,
        "192.0.2.1",
    )


def test_a_refusal_of_an_unknown_client_keeps_nothing_a_stranger_wrote(client: Client) -> None:
    ask(client, "a-secret-pasted-into-the-wrong-field", "wrong")
    event = AuditEvent.objects.get(type="token.refused")
    assert (event.actor_kind, event.reason) == ("anonymous", "unknown client")
    assert "pasted" not in str(vars(event))


def test_a_refused_scope_is_recorded_for_the_client_that_asked(client: Client) -> None:
    bot = made.bot()
    assert ask(client, bot.client_id, bot.secret, scope="admin").status_code == 400
    event = AuditEvent.objects.get(type="token.refused")
    assert (event.actor_client_id, event.reason) == (bot.client_id, "invalid_scope")


def test_a_flood_does_not_fill_the_audit_and_is_summed_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: clock[0])
    for number in range(refusals.RECORDS_A_MINUTE + 30):
        ask(client, f"mi_{number}", "wrong")
    recorded = AuditEvent.objects.filter(type="token.refused")
    assert recorded.count() == refusals.RECORDS_A_MINUTE
    clock[0] += throttle.WINDOW_SECONDS
    ask(client, "mi_later", "wrong")
    assert recorded.latest("id").details == {"unrecorded_before": 30}


def test_a_flood_of_strangers_leaves_room_for_a_known_client(client: Client) -> None:
    bot = made.bot()
    for number in range(refusals.RECORDS_A_MINUTE + 5):
        ask(client, f"mi_{number}", "wrong")
    ask(client, bot.client_id, "wrong")
    assert AuditEvent.objects.filter(type="token.refused", actor_client_id=bot.client_id).count() == 1


def test_the_toolkits_own_tables_stay_empty(client: Client) -> None:
    from oauth2_provider.models import get_access_token_model, get_refresh_token_model

    bot = made.bot()
    ask(client, bot.client_id, bot.secret)
    for model in (OAuthClient, get_access_token_model(), get_refresh_token_model()):
        assert not model.objects.exists()
    assert IssuedToken.objects.count() == 1


def test_an_outage_of_the_database_is_told_as_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(views, "read_credentials", down)
    answer = ask(client, "mi_1", "x")
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_database_dropped_is_replaced_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, fails = made.bot(), [OperationalError("server closed the connection")]
    read = views.read_credentials

    def drops_once(*given: object) -> object:
        if fails:
            raise fails.pop()
        return read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(views, "read_credentials", drops_once)
    assert ask(client, bot.client_id, bot.secret).status_code == 200


def test_nothing_secret_is_logged_at_debug(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bot = made.bot()
    wrong = "canary-4711-wrong-secret"
    answer = ask(client, bot.client_id, bot.secret)
    ask(client, bot.client_id, wrong)
    ask(client, "mi_nobody", wrong)
    client.post(
        "/passport/token", urlencode(ASK | {"client_id": bot.client_id, "client_secret": wrong}), content_type=FORM
    )
    written = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert written
    for secret in (bot.secret, wrong, answer.json()["access_token"].rsplit(".", 1)[1]):
        assert secret not in written
