"""Commands that cross rooms."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent
from identities.access.selectors import effective_permissions
from identities.credentials.authentication import authenticate
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.lifecycle.effects import base
from identities.lifecycle.effects.base import Change, Effect
from identities.people.models import Tenant, User
from identities.vaults.references import SecretReference
from tests.factories import register, tokens
from tests.factories.tokens import Bot

pytestmark = pytest.mark.django_db
FACTS = {"name": "payroll", "environment": "production", "purpose": "Runs payroll."}
REASON = "Because"
ADMIN = register.SYSTEM


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def bot() -> Bot:
    return tokens.bot(permissions=("workflow.execute",))


@pytest.fixture(autouse=True)
def _no_other_effects() -> Iterator[None]:
    """What other apps add is theirs to test."""
    kept = dict(base.kinds)
    base.kinds.clear()
    yield
    base.kinds.clear()
    base.kinds.update(kept)


def test_two_ways_to_hand_over_a_secret_are_refused(tenant: Tenant) -> None:
    at = SecretReference(provider="local", vault_uri="local://default", secret_name="x")
    with pytest.raises(Invalid):
        lifecycle.onboard(tenant_id=tenant.pk, facts=FACTS, actor=ADMIN, issue_secret=True, store_secret_at=at)
    assert not ManagedIdentity.objects.exists()


def test_a_reference_to_no_vault_of_ours_makes_nothing(tenant: Tenant) -> None:
    at = SecretReference(provider="local", vault_uri="local://elsewhere", secret_name="x")
    with pytest.raises(Invalid) as refused:
        lifecycle.onboard(tenant_id=tenant.pk, facts=FACTS, actor=ADMIN, store_secret_at=at)
    assert "store_secret_at.vault_uri" in refused.value.errors
    assert not ManagedIdentity.objects.exists()


def test_onboarding_without_a_secret_makes_none(tenant: Tenant) -> None:
    made = lifecycle.onboard(tenant_id=tenant.pk, facts=FACTS, actor=ADMIN)
    assert (made.secret, made.secret_text) == (None, None)
    assert not made.identity.secrets.exists()


def test_onboarding_with_a_secret_hands_it_over(tenant: Tenant) -> None:
    made = lifecycle.onboard(tenant_id=tenant.pk, facts=FACTS, actor=ADMIN, issue_secret=True)
    assert made.secret_text is not None
    assert authenticate(made.identity.client_id, made.secret_text) is not None
    assert made.secret_text not in repr(made)


def test_a_disabled_identity_is_let_in_again_only_when_enabled(bot: Bot) -> None:
    lifecycle.disable(bot.identity, reason=REASON, actor=ADMIN)
    assert authenticate(bot.client_id, bot.secret) is None
    with pytest.raises(Conflict):
        lifecycle.disable(bot.identity, reason=REASON, actor=ADMIN)
    lifecycle.enable(bot.identity, reason=REASON, actor=ADMIN)
    assert authenticate(bot.client_id, bot.secret) is not None


@pytest.mark.parametrize("command", [lifecycle.disable, lifecycle.retire])
def test_stopping_kills_the_tokens_given_out(bot: Bot, command: object) -> None:
    before = timezone.now()
    command(bot.identity, reason=REASON, actor=ADMIN)  # type: ignore[operator]
    killed = ManagedIdentity.objects.get(pk=bot.identity.pk).tokens_revoked_at
    assert killed is not None
    assert killed >= before


def test_retiring_ends_all_that_hung_on_it(bot: Bot) -> None:
    lifecycle.retire(bot.identity, reason=REASON, actor=ADMIN)
    kept = ManagedIdentity.objects.get(pk=bot.identity.pk)
    assert kept.state == "retired"
    assert not kept.secrets.filter(revoked_at=None).exists()
    assert effective_permissions(kept, timezone.now()) == frozenset()
    assert {"identity.retired", "credential.revoked", "role_binding.ended", "token.revoked"} <= set(
        AuditEvent.objects.values_list("type", flat=True)
    )
    with pytest.raises(Conflict):
        lifecycle.enable(bot.identity, reason=REASON, actor=ADMIN)


def test_a_command_without_a_reason_does_nothing(bot: Bot) -> None:
    for command in (lifecycle.disable, lifecycle.retire):
        with pytest.raises(Invalid):
            command(bot.identity, reason="", actor=ADMIN)
    assert authenticate(bot.client_id, bot.secret) is not None


def test_an_effect_that_fails_undoes_the_command(bot: Bot) -> None:
    class Stumble(Effect):
        kind = "stumble"

        def apply(self, identity: ManagedIdentity, **_: object) -> str:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        lifecycle.disable(bot.identity, reason=REASON, actor=ADMIN)
    assert ManagedIdentity.objects.get(pk=bot.identity.pk).is_enabled
    assert not AuditEvent.objects.filter(type="identity.disabled").exists()


def test_an_effect_sees_the_new_state_in_the_same_transaction(bot: Bot) -> None:
    seen: list[tuple[str, Change, bool]] = []

    class Note(Effect):
        kind = "note"
        on = frozenset(Change)

        def apply(self, identity: ManagedIdentity, *, change: Change, **_: object) -> str:
            seen.append((identity.state, change, transaction.get_connection().in_atomic_block))
            return "noted"

    lifecycle.disable(bot.identity, reason=REASON, actor=ADMIN)
    lifecycle.enable(bot.identity, reason=REASON, actor=ADMIN)
    assert seen == [("disabled", Change.DISABLED, True), ("active", Change.ENABLED, True)]


# People


@pytest.fixture
def owner(tenant: Tenant) -> User:
    register.person(tenant)  # another ADMIN, or the owner could not go
    return register.person(tenant)


def lost() -> set[str]:
    return set(AuditEvent.objects.filter(type="identity.owner_lost").values_list("subject_label", flat=True))


def test_a_person_goes_and_the_automation_stays(tenant: Tenant, owner: User) -> None:
    bot = tokens.bot(of=tenant, business_owner=owner, name="payroll")
    assert [each.pk for each in lifecycle.disable_person(owner, reason=REASON, actor=ADMIN)] == [bot.identity.pk]
    assert authenticate(bot.client_id, bot.secret) is not None
    assert ManagedIdentity.objects.get(pk=bot.identity.pk).is_enabled
    assert lost() == {"payroll"}


def test_only_identities_with_nobody_left_are_told(tenant: Tenant, owner: User) -> None:
    other = register.person(tenant)
    register.identity(tenant, name="shared", business_owner=owner.email, technical_owner=other.email)
    register.identity(tenant, name="deputed", business_owner=owner.email, deputy_owner=other.email)
    register.identity(tenant, name="by team", owner_team=register.team(tenant, owner, other).name)
    register.identity(tenant, name="by team of one", owner_team=register.team(tenant, owner).name)
    register.identity(tenant, name="alone", technical_owner=owner.email)
    register.identity(tenant, name="never owned")
    lifecycle.disable_person(owner, reason=REASON, actor=ADMIN)
    assert lost() == {"alone", "by team of one"}


def test_a_refused_disabling_tells_of_no_loss(tenant: Tenant) -> None:
    last = register.person(tenant)
    register.identity(tenant, business_owner=last.email)
    with pytest.raises(Conflict):
        lifecycle.disable_person(last, reason=REASON, actor=ADMIN)
    assert lost() == set()
