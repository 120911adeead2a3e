"""Public keys of identities: what is taken, how one replaces another, how they end."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import keys
from identities.credentials.models import ClientKey, Delivery, RotationState
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import Issuance
from identities.jose import jwk as jwks
from identities.lifecycle import services as lifecycle
from tests.factories import client_keys, tokens as made

pytestmark = pytest.mark.django_db
P256 = ec.generate_private_key(ec.SECP256R1())
SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point of the test


def add(identity: ManagedIdentity, key: Any, **more: Any) -> keys.Added:
    given = key if isinstance(key, str | dict) else client_keys.jwk_of(key)
    return keys.add_key(identity, public_key=given, actor=made.SYSTEM, **more)


def fresh() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def pem_private(key: Any, encoding: PrivateFormat, **more: Any) -> str:
    return key.private_bytes(Encoding.PEM, encoding, more.get("seal", NoEncryption())).decode()


PRIVATE = {
    "PKCS#8": pem_private(P256, PrivateFormat.PKCS8),
    "traditional": pem_private(P256, PrivateFormat.TraditionalOpenSSL),
    "OpenSSH": pem_private(P256, PrivateFormat.OpenSSH),
    "sealed": pem_private(P256, PrivateFormat.PKCS8, seal=BestAvailableEncryption(b"x")),
    "behind the public one": client_keys.pem_of(P256) + pem_private(P256, PrivateFormat.PKCS8),
    "JWK": {**client_keys.jwk_of(P256), "d": "c2VjcmV0LWQ"},
    "JWK as text": json.dumps({**client_keys.jwk_of(P256), "d": "c2VjcmV0LWQ"}),
    "symmetric": {"kty": "oct", "k": "c2VjcmV0LWQ"},
}


@pytest.mark.parametrize("given", PRIVATE.values(), ids=PRIVATE.keys())
def test_private_material_is_refused_and_nothing_of_it_is_said_or_kept(given: Any) -> None:
    identity = made.identity()
    with pytest.raises(Invalid) as refused:
        add(identity, given)
    said = str(refused.value.errors)
    assert "private" in refused.value.errors["public_key"][0]
    assert "c2VjcmV0" not in said
    assert "MI" not in said
    assert not ClientKey.objects.exists()
    assert not AuditEvent.objects.filter(type__startswith="credential.").exists()


WEAK = {
    "1024 bits": client_keys.jwk_of(SHORT),
    "1024 bits in PEM": client_keys.pem_of(SHORT),
    "another curve": client_keys.pem_of(ec.generate_private_key(ec.SECP521R1())),
    "another algorithm": {**client_keys.jwk_of(P256), "alg": "HS256"},
    "for encryption": {**client_keys.jwk_of(P256), "use": "enc"},
    "a set": {"keys": [client_keys.jwk_of(P256)]},
    "a list": "[]",
    "rubbish": "hello",
    "empty": "",
    "half of a PEM": client_keys.pem_of(P256)[:60],
    "not JSON": "{",
    "a certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "very long": "x" * 20_000,
}


@pytest.mark.parametrize("given", WEAK.values(), ids=WEAK.keys())
def test_a_weak_or_unreadable_key_is_refused_beside_its_member(given: Any) -> None:
    with pytest.raises(Invalid) as refused:
        add(made.identity(), given)
    assert set(refused.value.errors) == {"public_key"}


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
def test_a_key_is_kept_as_what_it_is_and_nothing_else(alg: str) -> None:
    private = client_keys.private(alg)
    more = {"x5c": ["AAAA"], "note": "x", "use": "sig"}
    key = add(made.identity(), {**client_keys.jwk_of(private, alg), **more}, name="payroll").key
    assert (key.alg, key.kid, str(key)) == (alg, key.thumbprint, "payroll")
    assert key.public_jwk == client_keys.jwk_of(private, alg)
    assert key.thumbprint == jwks.thumbprint(key.public_jwk)
    assert key.rotate_by > timezone.now()
    assert key.expires_at is None


def test_a_key_is_named_by_what_is_said_or_by_itself_or_by_its_thumbprint() -> None:
    assert add(made.identity(), {**client_keys.jwk_of(fresh()), "kid": "its own"}).key.kid == "its own"
    assert add(made.identity(), {**client_keys.jwk_of(fresh()), "kid": "its own"}, kid="ours").key.kid == "ours"
    for kid in ("k" * 129, "line\nbreak", "ключ"):
        with pytest.raises(Invalid) as refused:
            add(made.identity(), fresh(), kid=kid)
        assert set(refused.value.errors) == {"kid"}


def test_the_same_key_is_taken_once_and_by_nobody_else_of_the_tenant() -> None:
    identity, other = made.identity(), made.identity()
    sister = made.identity(of=identity.tenant)
    key = fresh()
    first = add(identity, key).key
    for whose in (identity, sister):
        with pytest.raises(Invalid) as refused:
            add(whose, key, kid="other")
        assert set(refused.value.errors) == {"public_key"}
    assert add(other, key).key.thumbprint == first.thumbprint, "another tenant is told nothing"


def test_a_key_that_was_revoked_is_not_taken_again() -> None:
    identity, key = made.identity(), fresh()
    keys.revoke_key(add(identity, key).key, reason="leaked", actor=made.SYSTEM)
    with pytest.raises(Invalid, match="revoked"):
        add(identity, key)


def test_dates_in_the_past_and_beyond_the_tier_are_refused() -> None:
    identity, now = made.identity(), timezone.now()
    for member, value in (
        ("expires_at", now),
        ("rotate_by", now - timedelta(days=1)),
        ("rotate_by", now + timedelta(days=4000)),
    ):
        with pytest.raises(Invalid) as refused:
            add(identity, fresh(), **{member: value})
        assert set(refused.value.errors) == {member}


def test_an_external_and_a_retired_identity_get_no_key() -> None:
    with pytest.raises(Invalid):
        add(made.identity(issuance=Issuance.EXTERNAL), fresh())
    retired = made.identity()
    lifecycle.retire(retired, reason="gone", actor=made.SYSTEM)
    with pytest.raises(Conflict):
        add(retired, fresh())


def test_the_second_key_begins_a_rotation_and_there_is_no_third() -> None:
    identity = made.identity()
    first = add(identity, fresh())
    second = add(identity, fresh(), reason="yearly")
    assert first.rotation is None
    assert second.rotation is not None
    rotation = second.rotation
    assert (rotation.old_key, rotation.new_key, rotation.delivery) == (first.key, second.key, Delivery.BROUGHT)
    assert rotation.state == RotationState.DISTRIBUTED
    with pytest.raises(Conflict) as refused:
        add(identity, fresh())
    assert refused.value.code == "overlap_still_open"


def test_while_secrets_overlap_no_key_does() -> None:
    bot = made.bot()
    add(bot.identity, fresh())
    from identities.credentials import services as credentials

    credentials.issue(bot.identity, actor=made.SYSTEM)
    with pytest.raises(Conflict) as refused:
        add(bot.identity, fresh())
    assert refused.value.code == "overlap_still_open"


def test_the_end_of_a_key_is_for_good_and_ends_its_rotation() -> None:
    identity = made.identity()
    first, second = add(identity, fresh()), add(identity, fresh())
    with pytest.raises(Invalid):
        keys.revoke_key(first.key, reason=" ", actor=made.SYSTEM)
    keys.revoke_key(first.key, reason="replaced", actor=made.SYSTEM)
    with pytest.raises(Conflict):
        keys.revoke_key(first.key, reason="replaced", actor=made.SYSTEM)
    assert second.rotation is not None
    second.rotation.refresh_from_db()
    assert second.rotation.state == RotationState.RETIRED
    event = AuditEvent.objects.get(type="credential.revoked")
    assert (event.reason, event.details["client_id"]) == ("replaced", identity.client_id)


def test_a_key_that_is_added_is_recorded_with_what_identifies_it() -> None:
    identity = made.identity()
    key = add(identity, fresh(), reason="asked in OPS-1").key
    event = AuditEvent.objects.get(type="credential.key_added")
    assert (event.subject_id, event.reason) == (str(key.pk), "asked in OPS-1")
    assert {"alg", "thumbprint", "rotate_by", "client_id"} <= event.details.keys()


def test_a_retired_identity_keeps_no_live_key() -> None:
    identity = made.identity()
    add(identity, fresh())
    lifecycle.retire(identity, reason="gone", actor=made.SYSTEM)
    assert ClientKey.objects.get().revoked_at is not None


def test_the_register_knows_when_a_key_is_due() -> None:
    identity = made.identity()
    key = add(identity, fresh(), expires_at=timezone.now() + timedelta(days=3)).key
    identity.refresh_from_db()
    assert identity.rotate_by == key.expires_at
    assert identity.last_rotated_at == key.created_at
