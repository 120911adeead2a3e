"""Routes of secrets."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access import secret_grants
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientSecret
from identities.credentials.secret_format import is_well_formed
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Tenant
from identities.vaults import services as vaults
from identities.vaults.failures import VaultUnreachable
from identities.vaults.local import LocalVault
from identities.vaults.references import SecretReference
from tests.factories import register, tokens

pytestmark = pytest.mark.django_db
AT = {"provider": "local", "vaultUri": "local://default", "secretName": "payroll"}


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def bot(tenant: Tenant) -> ManagedIdentity:
    return register.identity(tenant)


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return register.client_of(register.person(tenant))


def make(api: APIClient, bot: ManagedIdentity, **more: Any) -> Any:
    return api.post(f"/api/identities/{bot.pk}/credentials", {"kind": "client_secret", **more}, format="json")


def test_only_an_admin_makes_or_ends_a_secret(tenant: Tenant, bot: ManagedIdentity, api: APIClient) -> None:
    made = make(api, bot).json()
    analyst = register.client_of(register.person(tenant, PortalRole.ANALYST))
    assert make(analyst, bot).status_code == 403
    assert analyst.post(f"/api/credentials/{made['id']}/revoke", {"reason": "x"}, format="json").status_code == 403


def test_foreign_secrets_look_like_none(api: APIClient) -> None:
    foreign = tokens.bot().identity.secrets.get()
    for key in (foreign.pk, uuid4()):
        assert api.post(f"/api/credentials/{key}/revoke", {"reason": "x"}, format="json").status_code == 404


@pytest.mark.parametrize("body", [{}, {"kind": "password"}, {"kind": "client_secret", "secret": "mine"}])
def test_a_chosen_secret_or_another_kind_is_refused(api: APIClient, bot: ManagedIdentity, body: dict[str, str]) -> None:
    assert api.post(f"/api/identities/{bot.pk}/credentials", body, format="json").status_code == 400


def test_a_secret_is_shown_once_and_works(api: APIClient, bot: ManagedIdentity) -> None:
    made = make(api, bot)
    assert made.status_code == 201
    body = made.json()
    assert is_well_formed(body["clientSecret"])
    assert (body["kind"], body["isLive"], body["lastUsedAt"]) == ("client_secret", True, None)
    assert authenticate(bot.client_id, body["clientSecret"]) is not None
    listed = api.get(f"/api/identities/{bot.pk}/credentials")
    assert body["clientSecret"] not in listed.content.decode()
    assert [row["id"] for row in listed.json()["results"]] == [body["id"]]


def test_a_revoked_secret_is_dead_and_the_others_live(api: APIClient, bot: ManagedIdentity) -> None:
    first, second = make(api, bot).json(), make(api, bot).json()
    assert "reason" in api.post(f"/api/credentials/{first['id']}/revoke", {}, format="json").json()["errors"]
    revoked = api.post(f"/api/credentials/{first['id']}/revoke", {"reason": "Leaked"}, format="json")
    assert (revoked.status_code, revoked.json()["isLive"], revoked.json()["revokedReason"]) == (200, False, "Leaked")
    assert authenticate(bot.client_id, first["clientSecret"]) is None
    assert authenticate(bot.client_id, second["clientSecret"]) is not None
    again = api.post(f"/api/credentials/{first['id']}/revoke", {"reason": "Leaked"}, format="json")
    assert again.status_code == 409


def test_a_stored_secret_is_in_the_vault_and_not_in_the_answer(api: APIClient, bot: ManagedIdentity) -> None:
    made = make(api, bot, storeSecretAt=AT)
    assert made.status_code == 201, made.json()
    assert "clientSecret" not in made.json()
    assert made.json()["storedAt"]["secretName"] == "payroll"
    reference = SecretReference(provider="local", vault_uri="local://default", secret_name="payroll")
    text = vaults.read_secret(reference, bot.tenant_id, bot.environment, actor=Actor.system("test")).reveal()
    assert authenticate(bot.client_id, text) is not None
    assert text not in str(list(AuditEvent.objects.values()))
    assert AuditEvent.objects.filter(type="credential.stored").exists()


def test_a_vault_that_fails_leaves_no_live_secret(api: APIClient, bot: ManagedIdentity) -> None:
    with patch.object(LocalVault, "write", side_effect=VaultUnreachable("The vault does not answer")):
        refused = make(api, bot, storeSecretAt=AT)
    assert (refused.status_code, refused.json()["code"]) == (503, "secret_not_stored")
    secret = ClientSecret.objects.get()
    assert str(secret.pk) in refused.json()["detail"]
    assert secret.revoked_at is not None
    assert AuditEvent.objects.filter(type="credential.store_failed", outcome="failure").exists()


def test_an_identity_whose_vault_fails_stays_without_a_live_secret(api: APIClient) -> None:
    body = {"name": "n", "environment": "production", "purpose": "p", "storeSecretAt": AT}
    with patch.object(LocalVault, "write", side_effect=VaultUnreachable("The vault does not answer")):
        refused = api.post("/api/identities", body, format="json")
    made = ManagedIdentity.objects.get()
    assert refused.status_code == 503
    assert str(made.pk) in refused.json()["detail"]
    assert not made.secrets.filter(revoked_at=None).exists()


def test_a_machine_is_shown_no_secret_of_one_that_may_do_more(tenant: Tenant, bot: ManagedIdentity) -> None:
    rotator = register.client_of_machine(register.identity(tenant), "credential.rotate", "identity.read")
    address = f"/api/identities/{bot.pk}/credentials"
    assert rotator.post(address, {"kind": "client_secret"}, format="json").status_code == 201
    binding = tokens.grant(bot, "workflow.execute").bindings.get()
    for valid_from in (timezone.now() - timedelta(days=1), timezone.now() + timedelta(hours=1)):
        binding.valid_from = valid_from
        binding.save()
        refused = rotator.post(address, {"kind": "client_secret"}, format="json")
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert "clientSecret" not in refused.json()
    assert bot.secrets.count() == 1


def test_a_machine_rotates_anothers_secret_into_a_vault_and_its_own_to_see(
    tenant: Tenant, bot: ManagedIdentity
) -> None:
    tokens.grant(bot, "workflow.execute")
    rotator = register.client_of_machine(register.identity(tenant), "credential.rotate")
    stored = rotator.post(
        f"/api/identities/{bot.pk}/credentials", {"kind": "client_secret", "storeSecretAt": AT}, format="json"
    )
    assert stored.status_code == 201
    assert "clientSecret" not in stored.json()
    own = register.client_of_machine(bot, "credential.rotate")
    assert own.post(f"/api/identities/{bot.pk}/credentials", {"kind": "client_secret"}, format="json").json()[
        "clientSecret"
    ]


def rotate(api: APIClient, key: Any, **body: Any) -> Any:
    return api.post(f"/api/credentials/{key}/rotate", {"reason": "Due", **body}, format="json")


def test_only_an_admin_rotates(tenant: Tenant, bot: ManagedIdentity, api: APIClient) -> None:
    made = make(api, bot).json()
    for role in (PortalRole.ANALYST, PortalRole.AUDITOR, PortalRole.READ_ONLY):
        assert rotate(register.client_of(register.person(tenant, role)), made["id"]).status_code == 403
    assert bot.secrets.count() == 1


def test_a_rotation_wants_a_reason_and_known_members(api: APIClient, bot: ManagedIdentity) -> None:
    key = make(api, bot).json()["id"]
    assert "reason" in api.post(f"/api/credentials/{key}/rotate", {}, format="json").json()["errors"]
    assert rotate(api, key, reason=" ").status_code == 400
    assert rotate(api, key, secret="mine").status_code == 400
    nowhere = rotate(api, key, storeSecretAt={**AT, "vaultUri": "local://elsewhere"})
    assert (nowhere.status_code, list(nowhere.json()["errors"])) == (400, ["storeSecretAt.vaultUri"])
    for unknown in (uuid4(), tokens.bot().identity.secrets.get().pk):
        assert rotate(api, unknown).status_code == 404
    assert bot.secrets.count() == 1


def test_a_rotated_secret_is_shown_once_and_both_work(api: APIClient, bot: ManagedIdentity) -> None:
    old = make(api, bot).json()
    made = rotate(api, old["id"])
    assert made.status_code == 201, made.json()
    body = made.json()
    assert body["id"] != old["id"]
    assert body["rotation"]["oldId"] == old["id"]
    assert body["rotation"]["deliveryStep"] == "done"
    for text in (old["clientSecret"], body["clientSecret"]):
        assert authenticate(bot.client_id, text) is not None
    again = rotate(api, body["id"])
    assert (again.status_code, again.json()["code"]) == (409, "overlap_still_open")


def test_a_secret_in_a_vault_is_rotated_there_and_shown_to_nobody(api: APIClient, bot: ManagedIdentity) -> None:
    old = make(api, bot, storeSecretAt=AT).json()
    made = rotate(api, old["id"])
    assert made.status_code == 201, made.json()
    assert "clientSecret" not in made.json()
    assert (made.json()["storedAt"]["secretName"], made.json()["storedAt"]["version"]) == ("payroll", "2")
    assert (made.json()["rotation"]["state"], made.json()["rotation"]["deliveryProblem"]) == ("distributed", "")
    api.post(f"/api/credentials/{old['id']}/revoke", {"reason": "x"}, format="json")
    gone = rotate(api, old["id"])
    assert (gone.status_code, gone.json()["code"]) == (409, "not_live")


def test_a_vault_that_fails_is_told_and_the_new_one_is_on_its_way(api: APIClient, bot: ManagedIdentity) -> None:
    old = make(api, bot, storeSecretAt=AT).json()
    with patch.object(LocalVault, "stage", side_effect=VaultUnreachable("The vault does not answer")):
        made = rotate(api, old["id"])
    assert made.status_code == 201
    told = made.json()["rotation"]
    assert (told["deliveryStep"], told["deliveryProblem"], told["deliveryReason"]) == (
        "write", "vault_unreachable", "The vault does not answer",
    )  # fmt: skip
    assert told["deliverAt"] is not None
    assert "clientSecret" not in made.json()


def test_a_machine_rotates_into_a_vault_and_sees_nothing_of_one_that_may_do_more(
    tenant: Tenant, bot: ManagedIdentity, api: APIClient
) -> None:
    tokens.grant(bot, "workflow.execute")
    shown = make(api, bot).json()
    rotator = register.client_of_machine(register.identity(tenant), "credential.rotate")
    assert rotate(rotator, shown["id"]).status_code == 403
    stored = rotate(rotator, shown["id"], storeSecretAt=AT)
    assert (stored.status_code, "clientSecret" in stored.json()) == (201, False)
    powerless = register.client_of_machine(register.identity(tenant), "identity.read")
    assert rotate(powerless, shown["id"]).status_code == 403


def test_a_rotation_costs_no_more_than_it_did(
    api: APIClient, bot: ManagedIdentity, django_assert_max_num_queries: Any
) -> None:
    shown = make(api, bot).json()
    with django_assert_max_num_queries(40):
        assert rotate(api, shown["id"]).status_code == 201


def test_a_machine_puts_the_secret_of_one_that_may_do_more_only_where_nobody_else_reads(
    tenant: Tenant, bot: ManagedIdentity, api: APIClient
) -> None:
    """Whoever chooses the place chooses the reader."""
    tokens.grant(bot, "workflow.execute")
    shown = make(api, bot).json()
    caller = register.identity(tenant)
    rotator = register.client_of_machine(caller, "credential.rotate")
    own = AT | {"secretName": "rotators-own"}
    assert make(api, caller, storeSecretAt=own).status_code == 201
    granted = AT | {"secretName": "granted"}
    place = SecretReference("local", "local://default", "granted")
    until = timezone.now() + timedelta(days=1)
    secret_grants.grant(caller, place, valid_until=until, reason="it", actor=tokens.SYSTEM)
    outside = vaults.connect(
        tenant_id=tenant.pk, name="outside", provider="hashicorp-vault", vault_uri="https://vault.example",
        environment="production", credential="t", actor=tokens.SYSTEM,
    )  # fmt: skip
    theirs = {"provider": outside.provider, "vaultUri": outside.vault_uri, "secretName": "rotator/own"}
    for there in (own, granted, theirs):
        refused = rotate(rotator, shown["id"], storeSecretAt=there)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope"), there
        assert make(rotator, bot, storeSecretAt=there).status_code == 403
    assert bot.secrets.count() == 1
    assert rotate(rotator, shown["id"], storeSecretAt=AT).status_code == 201


def test_a_machine_is_shown_no_secret_of_one_that_is_called_what_it_is_not(
    tenant: Tenant, bot: ManagedIdentity
) -> None:
    """What a role means to those who take our tokens is not written in its permissions."""
    rotator = register.client_of_machine(register.identity(tenant), "credential.rotate")
    tokens.grant(bot, name="payroll-admin")
    assert make(rotator, bot).status_code == 403
    assert not bot.secrets.exists()


def test_nothing_is_written_over_the_live_secret_of_another(
    tenant: Tenant, bot: ManagedIdentity, api: APIClient
) -> None:
    """Else whoever may make identities could shut out any of them."""
    mine = make(api, bot, storeSecretAt=AT).json()
    other = register.identity(tenant)
    shown = make(api, other).json()
    new = {"name": "new", "environment": "sandbox", "purpose": "x", "storeSecretAt": AT}
    tries = [
        make(api, other, storeSecretAt=AT),
        rotate(api, shown["id"], storeSecretAt=AT),
        api.post("/api/identities", new, format="json"),
    ]
    assert [(it.status_code, it.json()["code"]) for it in tries] == [(400, "place_taken")] * 3
    assert "storeSecretAt.secretName" in tries[0].json()["errors"]
    kept = vaults.read_secret(SecretReference("local", "local://default", "payroll"), tenant.pk, actor=tokens.SYSTEM)
    assert authenticate(bot.client_id, kept.reveal()) is not None
    api.post(f"/api/credentials/{mine['id']}/revoke", {"reason": "Over"}, format="json")
    assert rotate(api, shown["id"], storeSecretAt=AT).status_code == 201


def test_a_secret_can_be_due_sooner_than_the_policy_says_and_no_later(call, problem):
    admin = register.person(register.tenant())
    identity = tokens.identity(of=admin.tenant)
    call.as_(admin)
    route = f"/api/identities/{identity.pk}/credentials"
    late = (timezone.now() + timedelta(days=4000)).isoformat()
    errors = problem(call.post(route, {"kind": "client_secret", "rotateBy": late}), 400, "invalid")["errors"]
    assert list(errors) == ["rotateBy"]
    soon = (timezone.now() + timedelta(days=3)).replace(microsecond=0)
    made = call.post(route, {"kind": "client_secret", "rotateBy": soon.isoformat()})
    assert made.status_code == 201
    assert made.json()["rotateBy"].startswith(soon.isoformat()[:19])
