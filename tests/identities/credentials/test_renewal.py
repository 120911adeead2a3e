"""A renewal moves one date, on purpose; beyond the tier's maximum only while an exception covers it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.credentials.models import ClientKey, ClientSecret
from identities.credentials.renewal import longest, renew
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory import exceptions, services as inventory
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException
from tests.factories import register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def bot() -> ManagedIdentity:
    return register.identity(register.tenant(), risk_tier="medium", rotation_interval_days=30)


@pytest.fixture
def secret(bot: ManagedIdentity) -> ClientSecret:
    return credentials.issue(bot, actor=register.SYSTEM).secret


def due(of: ManagedIdentity) -> object:
    return ManagedIdentity.objects.get(pk=of.pk).rotate_by


def grant(to: ManagedIdentity, days: int) -> PolicyException:
    return exceptions.grant(
        to,
        kind=ExceptionKind.ROTATION_BEYOND_MAXIMUM,
        reason="The vendor needs time.",
        expires_at=timezone.now() + days * DAY,
        actor=register.SYSTEM,
    )


def test_without_a_reason_nothing_is_renewed(secret: ClientSecret) -> None:
    with pytest.raises(Invalid) as refused:
        renew(secret, until=secret.rotate_by + DAY, reason=" ", actor=register.SYSTEM)
    assert refused.value.errors.keys() == {"reason"}


def test_a_renewal_goes_forward(secret: ClientSecret) -> None:
    with pytest.raises(Invalid):
        renew(secret, until=secret.rotate_by - DAY, reason="later", actor=register.SYSTEM)


def test_beyond_the_tiers_maximum_an_exception_is_needed(secret: ClientSecret) -> None:
    with pytest.raises(Invalid) as refused:
        renew(secret, until=secret.created_at + 91 * DAY, reason="later", actor=register.SYSTEM)
    assert (refused.value.code, list(refused.value.errors)) == ("beyond_maximum", ["until"])


def test_an_exception_must_cover_the_day(bot: ManagedIdentity, secret: ClientSecret) -> None:
    grant(bot, 100)
    with pytest.raises(Invalid):
        renew(secret, until=secret.created_at + 101 * DAY, reason="later", actor=register.SYSTEM)
    renew(secret, until=secret.created_at + 99 * DAY, reason="later", actor=register.SYSTEM)
    assert due(bot) == secret.created_at + 99 * DAY


def test_an_exception_of_another_identity_covers_nothing(bot: ManagedIdentity, secret: ClientSecret) -> None:
    grant(register.identity(bot.tenant), 300)
    with pytest.raises(Invalid):
        renew(secret, until=secret.created_at + 91 * DAY, reason="later", actor=register.SYSTEM)


def test_what_has_ended_is_not_renewed(secret: ClientSecret) -> None:
    credentials.revoke(secret, reason="over", actor=register.SYSTEM)
    with pytest.raises(Conflict):
        renew(secret, until=secret.created_at + 60 * DAY, reason="later", actor=register.SYSTEM)


def test_a_retired_identity_renews_nothing(bot: ManagedIdentity, secret: ClientSecret) -> None:
    inventory.set_state(bot, target=inventory.State.RETIRED, reason="over", actor=register.SYSTEM)
    with pytest.raises(Conflict):
        renew(secret, until=secret.created_at + 60 * DAY, reason="later", actor=register.SYSTEM)


def test_an_end_of_its_own_is_no_date_to_renew(bot: ManagedIdentity) -> None:
    ends = timezone.now() + 40 * DAY
    secret = credentials.issue(bot, actor=register.SYSTEM, expires_at=ends).secret
    with pytest.raises(Invalid):
        renew(secret, until=ends + DAY, reason="later", actor=register.SYSTEM)


def test_a_renewal_moves_the_date_and_nothing_else(bot: ManagedIdentity, secret: ClientSecret) -> None:
    before = ClientSecret.objects.values().get(pk=secret.pk)
    renew(secret, until=secret.created_at + 60 * DAY, reason="The release is next week.", actor=register.SYSTEM)
    after = ClientSecret.objects.values().get(pk=secret.pk)
    assert {name for name, value in dict(after).items() if value != dict(before)[name]} == {"rotate_by", "renewed_at"}
    assert due(bot) == secret.created_at + 60 * DAY
    event = AuditEvent.objects.get(type=CredentialEvent.RENEWED)
    assert (event.reason, event.changes.keys()) == ("The release is next week.", {"rotate_by"})


def test_when_the_exception_is_ended_the_tiers_maximum_counts_again(bot: ManagedIdentity, secret: ClientSecret) -> None:
    lived = grant(bot, 200)
    renew(secret, until=secret.created_at + 150 * DAY, reason="later", actor=register.SYSTEM)
    exceptions.end(lived, reason="The vendor is done.", actor=register.SYSTEM)
    assert due(bot) == secret.created_at + 90 * DAY


def test_a_renewed_secret_follows_a_tier_that_is_raised(bot: ManagedIdentity, secret: ClientSecret) -> None:
    renew(secret, until=secret.created_at + 80 * DAY, reason="later", actor=register.SYSTEM)
    inventory.change(bot, facts={"risk_tier": "high"}, actor=register.SYSTEM)
    assert due(bot) == secret.created_at + 30 * DAY


def test_a_key_is_renewed_like_a_secret(bot: ManagedIdentity) -> None:
    now = timezone.now()
    key = ClientKey.objects.create(
        identity=bot, kid="k", alg="ES256", public_jwk={}, thumbprint="t", rotate_by=now + 30 * DAY, created_at=now
    )
    renewed = renew(key, until=now + 60 * DAY, reason="later", actor=register.SYSTEM)
    assert renewed.rotate_by == due(bot) == now + 60 * DAY
    assert longest(key, now) == now + 90 * DAY
