"""A client that signs instead of sending a secret (private_key_jwt): for a token, to introspect, to revoke."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import keys
from identities.credentials.models import ClientKey, SecretSource, UsedAssertion
from identities.inventory import usage
from identities.oauth import server
from identities.tokens import services as tokens
from identities.tokens.models import IssuedToken
from tests.factories import tokens as made
from tests.factories.client_keys import TYPE, Signing, signing
from tests.identities.oauth.wire import ASK, FORM, basic

pytestmark = pytest.mark.django_db


def post(client: Client, members: dict[str, Any], path: str = "/passport/token", **more: Any) -> Any:
    given = {name: value for name, value in members.items() if value is not ...}
    return client.post(path, urlencode(given), content_type=FORM, **more)


def ask(client: Client, assertion: str, path: str = "/passport/token", **changed: Any) -> Any:
    return post(client, {**ASK, "client_assertion_type": TYPE, "client_assertion": assertion, **changed}, path)


def test_a_client_gets_the_token_it_would_get_with_a_secret(client: Client) -> None:
    bot = signing()
    made.grant(bot.identity, "run.read", name="reader")
    answer = ask(client, bot.assertion())
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["roles"]) == (bot.client_id, ["reader"])
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_request_leaves_its_address_and_client_program_on_the_key(client: Client) -> None:
    bot = signing()
    members = {**ASK, "client_assertion_type": TYPE, "client_assertion": bot.assertion()}
    post(client, members, headers={"user-agent": "cron/1.0"})
    usage.flush()
    seen = SecretSource.objects.values_list("key_id", "address", "user_agent", "uses")
    assert list(seen) == [(bot.key.pk, "127.0.0.1", "cron/1.0", 1)]


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_assertion_type": ...}, 401, "invalid_client"),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, 401, "invalid_client"),
        ({"client_assertion": ...}, 401, "invalid_client"),
        ({"client_assertion": "rubbish"}, 401, "invalid_client"),
        ({"client_id": "mi_other"}, 401, "invalid_client"),
        ({"client_secret": "x"}, 400, "invalid_request"),
        ({"scope": "admin"}, 400, "invalid_scope"),
        ({"x": "a" * 8192}, 413, "invalid_request"),
    ],
)
def test_what_is_not_one_good_assertion_is_refused(
    client: Client, changed: dict[str, Any], status: int, error: str
) -> None:
    bot = signing()
    answer = ask(client, bot.assertion(), **changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert not IssuedToken.objects.exists()


def test_the_id_of_the_client_may_be_said_beside_it_when_it_is_the_same(client: Client) -> None:
    bot = signing()
    assert ask(client, bot.assertion(), client_id=bot.client_id).status_code == 200


def test_an_assertion_beside_basic_is_two_ways(client: Client) -> None:
    bot, other = signing(), made.bot()
    members = {**ASK, "client_assertion_type": TYPE, "client_assertion": bot.assertion()}
    answer = post(client, members, headers=basic(other.client_id, other.secret))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    only_type = {**ASK, "client_assertion_type": TYPE}
    assert post(client, only_type, headers=basic(other.client_id, other.secret)).status_code == 400


def test_unknown_wrong_ended_replayed_and_stopped_have_one_answer(client: Client) -> None:
    bot, stopped, ended = signing(), signing(), signing()
    made.stop(stopped.identity)
    keys.revoke_key(ended.key, reason="leaked", actor=made.SYSTEM)
    used = bot.assertion()
    assert ask(client, used).status_code == 200
    wrong = jwt.encode(bot.claims(), signing().private, algorithm="ES256", headers={"kid": bot.key.kid})
    texts = [used, wrong, stopped.assertion(), ended.assertion(), bot.assertion(iss="mi_no", sub="mi_no")]
    answers = {(answer.status_code, answer.content) for answer in (ask(client, text) for text in texts)}
    assert len(answers) == 1
    assert answers.pop()[0] == 401


def test_the_audit_says_why_and_holds_nothing_of_the_assertion(client: Client) -> None:
    bot = signing()
    text = bot.assertion(jti="canary-jti")
    ask(client, text)
    ask(client, text)
    event = AuditEvent.objects.get(type="token.refused")
    assert (event.reason, event.actor_client_id) == ("assertion not taken: replayed", bot.client_id)
    kept = str(list(AuditEvent.objects.values())) + str(list(UsedAssertion.objects.values()))
    assert "canary-jti" not in kept
    assert text not in kept


def test_a_token_of_ours_is_no_assertion(client: Client) -> None:
    bot = signing()
    own = tokens.mint(bot.identity, scope="roles", at=timezone.now()).access_token
    persons = tokens.mint_user_token(made.person(), session=uuid4()).access_token
    for text in (own, persons):
        assert ask(client, text).status_code == 401
        assert ask(client, text, client_id=bot.client_id).status_code == 401


def test_who_fails_too_often_waits_and_a_right_one_passes(client: Client) -> None:
    bot = signing()
    statuses = [ask(client, bot.assertion(aud="https://evil.example"), client_id=bot.client_id) for _ in range(12)]
    assert [answer.status_code for answer in statuses][-2:] == [429, 429]
    assert ask(client, bot.assertion()).status_code == 200


def test_a_key_that_was_replaced_and_is_past_its_cutover_is_served_once_a_minute(client: Client) -> None:
    bot = signing()
    ClientKey.objects.update(throttled_at=timezone.now())
    assert ask(client, bot.assertion()).status_code == 200
    late = ask(client, bot.assertion())
    assert (late.status_code, late.json()["error"]) == (429, "slow_down")
    assert AuditEvent.objects.filter(type="token.refused").exists(), "a refusal commits though no token was given"


def test_introspection_and_revocation_take_it_too_and_once(client: Client) -> None:
    bot = signing()
    made.grant(bot.identity, "token.introspect")
    token = ask(client, bot.assertion()).json()["access_token"]
    used = bot.assertion()
    found = ask(client, used, "/passport/introspect", token=token)
    assert found.json()["active"] is True
    assert ask(client, used, "/passport/introspect", token=token).status_code == 401
    assert ask(client, used, "/passport/revoke", token=token).status_code == 401
    assert ask(client, bot.assertion(), "/passport/revoke", token=token).status_code == 200
    assert ask(client, bot.assertion(), "/passport/introspect", token=token).json() == {"active": False}


def test_a_token_by_assertion_costs_one_read_and_one_transaction(client: Client) -> None:
    bot = signing()
    ask(client, bot.assertion())
    with CaptureQueriesContext(connection) as seen:
        assert ask(client, bot.assertion()).status_code == 200
    verbs = [query["sql"].split()[0] for query in seen.captured_queries]
    assert verbs.count("SELECT") == 1
    assert len(verbs) <= 8


@pytest.mark.django_db(transaction=True)
def test_an_outage_between_proof_and_token_leaves_the_assertion_unused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, mint, fails = signing(), tokens.mint, [OperationalError("gone")]

    def fails_once(*given: Any, **more: Any) -> Any:
        if fails:
            raise fails.pop()
        return mint(*given, **more)

    monkeypatch.setattr(server.tokens, "mint", fails_once)
    text = bot.assertion()
    assert ask(client, text).status_code == 200
    assert not fails
    assert ask(client, text).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_fifty_requests_with_one_assertion_give_one_token() -> None:
    bot = signing()
    tokens.ensure_signing_key()
    for _ in range(2):
        text = bot.assertion()

        def attempt(_: int, text: str = text) -> int:
            try:
                return ask(Client(), text).status_code
            finally:
                connection.close()

        before = IssuedToken.objects.count()
        with ThreadPoolExecutor(50) as pool:
            statuses = list(pool.map(attempt, range(50)))
        assert statuses.count(200) == 1, statuses
        assert set(statuses) <= {200, 401, 429}
        assert IssuedToken.objects.count() == before + 1


def test_the_metadata_names_the_way_and_its_algorithms(client: Client) -> None:
    found = client.get("/.well-known/oauth-authorization-server").json()
    for endpoint in ("token", "introspection", "revocation"):
        assert "private_key_jwt" in found[f"{endpoint}_endpoint_auth_methods_supported"]
        algorithms = found[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert algorithms == ["RS256", "PS256", "ES256", "ES384", "EdDSA"]


def test_a_client_changes_its_key_without_one_refusal(client: Client) -> None:
    old = signing()
    assert ask(client, old.assertion()).status_code == 200
    new = signing(of=old.identity)
    for which in (old, new, old, new):
        assert ask(client, which.assertion()).status_code == 200
    keys.revoke_key(old.key, reason="replaced", actor=made.SYSTEM)
    assert ask(client, new.assertion()).status_code == 200
    assert ask(client, old.assertion()).status_code == 401


def test_a_key_that_ends_by_itself_is_dead_at_that_instant(client: Client) -> None:
    bot: Signing = signing()
    ClientKey.objects.filter(pk=bot.key.pk).update(expires_at=timezone.now() - timedelta(milliseconds=1))
    assert ask(client, bot.assertion()).status_code == 401
