"""An assertion proves its identity once: of many at once one, and after a restart none."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.credentials import assertions, keys
from identities.credentials.models import ClientKey, UsedAssertion
from identities.inventory import usage
from identities.inventory.models import Knock
from identities.inventory.states import State
from identities.jose.assertions import Assertion, read
from identities.jose.verify import BadToken
from identities.oauth.forms import own_audiences
from tests.factories import client_keys, tokens as made
from tests.factories.client_keys import Signing, signing

pytestmark = pytest.mark.django_db


def taken(text: str) -> Assertion:
    return read(text, audiences=own_audiences(), at=timezone.now())


def prove(text: str) -> Any:
    return assertions.authenticate(taken(text))


def refusal(text: str) -> str:
    with pytest.raises(BadToken) as refused:
        prove(text)
    return refused.value.reason


def forged(signing: Signing, **header: Any) -> str:
    """As the client's own, under another key of the same kind."""
    other = client_keys.private("ES256")
    return jwt.encode(signing.claims(), other, algorithm="ES256", headers={"kid": signing.key.kid, **header})


def test_who_signs_with_another_key_an_unknown_or_an_ended_one_is_refused() -> None:
    client = signing()
    assert refusal(forged(client)) == "bad_signature"
    assert refusal(client.assertion(header={"kid": "another"})) == "unknown_key"
    assert refusal(client.assertion(header={"kid": "../../etc/passwd"})) == "unknown_key"
    assert refusal(client.assertion(iss="mi_nobody", sub="mi_nobody")) == "unknown_key"
    ClientKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refusal(client.assertion()) == "unknown_key"
    ClientKey.objects.update(expires_at=None)
    keys.revoke_key(client.key, reason="leaked", actor=made.SYSTEM)
    assert refusal(client.assertion()) == "unknown_key"
    assert not UsedAssertion.objects.exists()


def test_a_key_works_for_its_own_identity_only() -> None:
    client, other = signing(), signing()
    text = client.assertion(iss=other.client_id, sub=other.client_id)
    assert refusal(text) == "unknown_key"
    keys.add_key(other.identity, public_key=client_keys.jwk_of(client_keys.private("ES256")), kid=client.key.kid,
                 actor=made.SYSTEM)  # fmt: skip
    assert refusal(text) == "bad_signature"


def test_the_algorithm_is_the_keys_and_not_the_assertions() -> None:
    client = signing(alg="RS256")
    text = jwt.encode(client.claims(), client.private, algorithm="PS256", headers={"kid": client.key.kid})
    assert refusal(text) == "unknown_key"


def test_a_stopped_identity_is_refused_and_its_knock_is_noted() -> None:
    client = signing()
    made.stop(client.identity, State.QUARANTINED)
    assert refusal(client.assertion()) == "identity_quarantined"
    assert not UsedAssertion.objects.exists()
    usage.flush()
    from identities.inventory import knocks

    getattr(knocks, "flush", lambda: None)()
    assert Knock.objects.filter(identity=client.identity).exists()


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
def test_a_right_one_proves_its_identity_and_marks_the_use_of_its_key(alg: str) -> None:
    client = signing(alg=alg)
    proved = prove(client.assertion())
    assert (proved.identity.pk, proved.identity.tenant_id) == (client.identity.pk, client.identity.tenant_id)
    prove(client.assertion())
    usage.flush()
    client.key.refresh_from_db()
    assert client.key.uses == 2
    assert client.key.first_used_at is not None
    assert client.key.last_used_at is not None
    assert client.key.last_used_at >= client.key.first_used_at


def test_a_second_time_is_refused_whatever_else_has_changed() -> None:
    client = signing()
    text = client.assertion(jti="once")
    prove(text)
    for again in (text, client.assertion(jti="once"), client.assertion(jti="once", exp=client.claims()["exp"] + 300)):
        assert refusal(again) == "replayed"
    assert signing().assertion(jti="once")
    prove(signing().assertion(jti="once"))
    row = UsedAssertion.objects.get(issuer=client.client_id)
    assert len(row.jti_digest) == 64
    assert row.expires_at >= timezone.now() + timedelta(seconds=100), "its end, and the minute that clocks may differ"


def test_both_keys_of_a_rotation_prove_the_identity() -> None:
    client = signing()
    second = signing(of=client.identity)
    assert prove(client.assertion()).identity == prove(second.assertion()).identity


def test_an_unknown_client_a_wrong_key_and_a_stopped_identity_cost_the_same() -> None:
    client, stopped = signing(), signing()
    made.stop(stopped.identity)
    texts = [client.assertion(iss="mi_nobody", sub="mi_nobody"), forged(client), stopped.assertion()]
    refusal(forged(client))
    costs = []
    for text in texts:
        read_before = taken(text)
        with CaptureQueriesContext(connection) as seen, pytest.raises(BadToken):
            assertions.authenticate(read_before)
        costs.append([query["sql"].split()[0] for query in seen.captured_queries])
    assert costs == [["SELECT"]] * 3


def test_a_proof_costs_one_read_and_one_insert() -> None:
    client = signing()
    prove(client.assertion())
    ready = taken(client.assertion())
    with CaptureQueriesContext(connection) as seen:
        assertions.authenticate(ready)
    assert [query["sql"].split()[0] for query in seen.captured_queries] == ["SELECT", "INSERT"]


def test_no_signature_is_ever_taken_under_a_key_that_stands_for_nobodys() -> None:
    for alg in ("RS256", "PS256", "ES256", "ES384", "EdDSA"):
        stand_in = assertions._nobodys(alg)
        assert stand_in == assertions._nobodys(alg)
    client = signing()
    assert refusal(client.assertion(header={"kid": "absent"})) == "unknown_key"


def test_what_has_ended_is_forgotten_and_is_too_old_to_be_taken_then() -> None:
    client = signing()
    prove(client.assertion())
    row = UsedAssertion.objects.get()
    assert assertions.remove_ended(row.expires_at) == 0
    assert assertions.remove_ended(row.expires_at + timedelta(seconds=1)) == 1
    assert not UsedAssertion.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(5))
def test_of_fifty_at_once_one_is_taken(number: int) -> None:
    client = signing()
    ready = taken(client.assertion())
    assertions.authenticate(taken(client.assertion()))

    def attempt(_: int) -> str:
        try:
            assertions.authenticate(ready)
        except BadToken as error:
            return error.reason
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(attempt, range(50)))
    assert sorted(set(outcomes)) == ["replayed", "taken"]
    assert outcomes.count("taken") == 1
