"""What anybody may read: keys, metadata and the list of stops."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.jose import keys as jose_keys
from identities.tokens import services as tokens, signing_keys
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db
METADATA = "/.well-known/oauth-authorization-server"


@pytest.mark.parametrize("path", ["/passport/jwks.json", "/passport/revocations", METADATA])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_documents_are_only_read(client: Client, path: str, method: str) -> None:
    assert getattr(client, method)(path).status_code == 405


def test_the_key_set_holds_public_members_only(client: Client) -> None:
    (key,) = client.get("/passport/jwks.json").json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
    assert key["kid"] == jose_keys.thumbprint(key)
    assert jose_keys.public_key_from_jwk(key).key_size == jose_keys.MINIMUM_BITS


def test_the_key_set_shows_the_old_and_the_next_key_and_no_leaked_one(client: Client) -> None:
    old = tokens.ensure_signing_key()
    new = tokens.rotate_signing_key(actor=made.SYSTEM)
    assert {key["kid"] for key in client.get("/passport/jwks.json").json()["keys"]} == {old.kid, new.kid}
    tokens.revoke_signing_key(old.kid, reason="leaked", actor=made.SYSTEM)
    assert {key["kid"] for key in client.get("/passport/jwks.json").json()["keys"]} == {new.kid}


def test_nobody_may_keep_the_key_set_longer_than_a_key_is_announced(client: Client) -> None:
    assert client.get("/passport/jwks.json").headers["Cache-Control"] == "public, max-age=3"
    assert timedelta(seconds=3) < signing_keys.ANNOUNCED_FOR


def test_the_metadata_is_what_the_rfc_wants(client: Client, settings: LazySettings) -> None:
    settings.PASSPORT_ISSUER = "https://id.example"
    found = client.get(METADATA, headers={"Host": "testserver"}).json()
    assert found["issuer"] == "https://id.example"
    assert found["token_endpoint"] == "https://id.example/passport/token"
    assert found["grant_types_supported"] == ["client_credentials"]
    assert found["response_types_supported"] == []
    assert found["jwks_uri"] == "https://id.example/passport/jwks.json"
    assert "client_secret_basic" in found["token_endpoint_auth_methods_supported"]
    assert found["scopes_supported"] == ["openid", "roles"]


def test_an_issuer_with_a_path_has_its_metadata_behind_the_well_known_part(
    client: Client, settings: LazySettings
) -> None:
    settings.PASSPORT_ISSUER = "https://example.com/steward"
    assert client.get(f"{METADATA}/steward").json()["issuer"] == "https://example.com/steward"
    assert client.get(METADATA).status_code == 404
    assert client.get(f"{METADATA}/other").status_code == 404


def test_the_list_of_stops_names_what_a_verifier_must_refuse(client: Client) -> None:
    bot, stopped = made.identity(), made.identity()
    token = tokens.mint(bot, scope="roles", at=timezone.now())
    tokens.revoke(token.jti, actor=made.SYSTEM)
    epoch = tokens.kill_tokens(bot, actor=made.SYSTEM)
    made.stop(stopped)
    answer = client.get("/passport/revocations")
    found = answer.json()
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert found["tokens"] == [str(token.jti)]
    assert {"managed_identity_id": str(bot.id), "not_after": int(epoch.timestamp())} in found["identities"]
    assert {"managed_identity_id": str(stopped.id)} in found["identities"]
    assert bot.name not in answer.content.decode()


def test_since_leaves_out_what_is_older(client: Client) -> None:
    bot = made.identity()
    tokens.kill_tokens(bot, actor=made.SYSTEM)
    ManagedIdentity.objects.filter(pk=bot.pk).update(tokens_revoked_at=timezone.now() - timedelta(minutes=10))
    recent = (timezone.now() - timedelta(minutes=1)).isoformat()
    older = (timezone.now() - timedelta(minutes=20)).isoformat()
    assert client.get("/passport/revocations", {"since": recent}).json()["identities"] == []
    assert len(client.get("/passport/revocations", {"since": older}).json()["identities"]) == 1


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01T00:00:00Z", "1", "9999-12-31T23:59:59-23:59"])
def test_a_since_that_is_no_time_is_refused(client: Client, since: str) -> None:
    answer = client.get("/passport/revocations", {"since": since})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
