"""Secrets are made and ended; their text is never kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import selectors, services as credentials
from identities.credentials.models import ClientSecret
from identities.credentials.secret_format import is_well_formed
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from tests.factories import register, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> ManagedIdentity:
    return register.identity(register.tenant())


def test_a_retired_identity_gets_no_secret(bot: ManagedIdentity) -> None:
    tokens.stop(bot, register.inventory.State.RETIRED)
    with pytest.raises(Conflict):
        credentials.issue(bot, actor=register.SYSTEM)


def test_an_external_identity_gets_no_secret() -> None:
    outside = register.identity(register.tenant(), issuance="external")
    with pytest.raises(Invalid):
        credentials.issue(outside, actor=register.SYSTEM)


def test_an_end_in_the_past_is_refused(bot: ManagedIdentity) -> None:
    with pytest.raises(Invalid):
        credentials.issue(bot, actor=register.SYSTEM, expires_at=timezone.now() - timedelta(seconds=1))


def test_there_is_no_third_secret_while_two_work(bot: ManagedIdentity) -> None:
    credentials.issue(bot, actor=register.SYSTEM)
    credentials.issue(bot, actor=register.SYSTEM)
    with pytest.raises(Conflict) as refusal:
        credentials.issue(bot, actor=register.SYSTEM)
    assert refusal.value.code == "overlap_still_open"
    assert bot.secrets.count() == 2


def test_secrets_that_piled_up_before_are_ended_before_another_is_made(bot: ManagedIdentity) -> None:
    kept = credentials.issue(bot, actor=register.SYSTEM).secret
    for number in range(2):
        kept.pk, kept.digest = None, f"{number:064d}"
        kept.save(force_insert=True)
    with pytest.raises(Conflict, match="3 live secrets"):
        credentials.issue(bot, actor=register.SYSTEM)


def test_a_date_beyond_the_tiers_maximum_is_refused_by_name() -> None:
    risky = register.identity(register.tenant(), risk_tier="high")
    at = timezone.now()
    for wanted in (at - timedelta(seconds=1), at + timedelta(days=31)):
        with pytest.raises(Invalid) as refusal:
            credentials.issue(risky, actor=register.SYSTEM, rotate_by=wanted)
        assert list(refusal.value.errors) == ["rotate_by"]
    sooner = at + timedelta(days=3)
    assert credentials.issue(risky, actor=register.SYSTEM, rotate_by=sooner).secret.rotate_by == sooner


def test_an_identity_has_several_and_each_its_own_end(bot: ManagedIdentity) -> None:
    first, second = (credentials.issue(bot, actor=register.SYSTEM).secret for _ in range(2))
    credentials.revoke(first, reason="Replaced", actor=register.SYSTEM)
    assert list(selectors.live_secrets(bot, timezone.now())) == [second]
    assert selectors.secrets(bot).count() == 2


def test_the_text_is_kept_nowhere(bot: ManagedIdentity) -> None:
    issued = credentials.issue(bot, actor=register.SYSTEM)
    row = ClientSecret.objects.values().get()
    assert is_well_formed(issued.text)
    assert issued.text not in repr(issued)
    assert issued.text not in str(row)
    assert issued.text not in str(list(AuditEvent.objects.values()))
    assert row["hint"] == issued.text[-4:]


def test_it_says_when_to_rotate_and_never_ends_by_itself() -> None:
    risky = register.identity(register.tenant(), risk_tier="high", internet_exposed=True)
    secret = credentials.issue(risky, actor=register.SYSTEM).secret
    assert secret.rotate_by - secret.created_at == timedelta(days=15)
    assert secret.expires_at is None
    assert selectors.is_live(secret, secret.rotate_by + timedelta(days=365))


def test_revoking_needs_a_reason_and_happens_once(bot: ManagedIdentity) -> None:
    secret = credentials.issue(bot, actor=register.SYSTEM).secret
    with pytest.raises(Invalid):
        credentials.revoke(secret, reason=" ", actor=register.SYSTEM)
    credentials.revoke(secret, reason="Leaked", actor=register.SYSTEM)
    with pytest.raises(Conflict):
        credentials.revoke(secret, reason="Leaked", actor=register.SYSTEM)
    event = AuditEvent.objects.get(type="credential.revoked")
    assert (event.reason, event.details["client_id"]) == ("Leaked", bot.client_id)
