"""What a leaver saw, on a page; and the custody of an identity's credentials."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, SecretShowing
from identities.inventory.models import ManagedIdentity, PolicyException
from identities.lifecycle import leavers_rotation, secrets
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.factories import pages, register

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def tenant() -> Tenant:
    vaults.ensure_default()
    return register.tenant()


@pytest.fixture
def leaver(tenant: Tenant) -> User:
    return register.person(tenant, PortalRole.ANALYST, email="leaver@example.com")


@pytest.fixture
def browser(tenant: Tenant) -> Client:
    return pages.signed_in(register.person(tenant))


def seen(person: User, of: Tenant, *, has_vault: bool = False) -> ClientSecret:
    bot = register.identity(of, risk_tier="medium")
    if has_vault:
        place = SecretReference("local", "local://default", f"bots/{bot.client_id}")
        stored = secrets.issue_secret(bot, actor=register.SYSTEM, store_at=place).secret
        credentials.revoke(stored, reason="Over.", actor=register.SYSTEM)
    return secrets.issue_secret(bot, actor=actor_of(person)).secret


def address(person: User) -> str:
    return reverse("admin:secrets_seen", args=[person.pk])


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_who_governs_sees_it(tenant: Tenant, leaver: User, role: PortalRole) -> None:
    seen(leaver, tenant, has_vault=True)
    other = pages.signed_in(register.person(tenant, role))
    assert other.get(address(leaver)).status_code == 403
    assert other.post(address(leaver), {"reason": "x"}).status_code == 403


def test_a_stranger_is_not_found(browser: Client) -> None:
    assert browser.get(address(register.person(register.tenant()))).status_code == 404


def test_somebody_from_outside_shows_only_what_is_ours(browser: Client, tenant: Tenant) -> None:
    outside = register.person(register.tenant())
    theirs, ours = seen(outside, outside.tenant), seen(outside, tenant)
    page = text(browser.get(address(outside)))
    assert str(ours) in page
    assert str(theirs) not in page


def test_without_a_reason_nothing_is_asked(browser: Client, tenant: Tenant, leaver: User) -> None:
    seen(leaver, tenant, has_vault=True)
    assert browser.post(address(leaver), {"reason": " "}).status_code == 422
    assert not SecretShowing.objects.exclude(rotate_at=None).exists()


def test_one_press_replaces_what_it_can_and_the_page_follows(browser: Client, tenant: Tenant, leaver: User) -> None:
    ready, by_hand = seen(leaver, tenant, has_vault=True), seen(leaver, tenant)
    before = text(browser.get(address(leaver)))
    assert "Rotate all 1" in before
    assert "needs a hand" in before
    answer = browser.post(address(leaver), {"reason": "They left."}, follow=True)
    assert "0 of 1 replaced" in text(answer)
    assert "data-follow" in text(answer)
    leavers_rotation.rotate_due(timezone.now())
    after = text(browser.get(address(leaver)))
    assert "1 of 1 replaced" in after
    assert "being replaced" in after
    assert "data-follow" not in after
    assert (ready.identity.secrets.count(), by_hand.identity.secrets.count()) == (3, 1)


def test_a_person_who_saw_nothing_has_an_empty_page(browser: Client, leaver: User) -> None:
    assert "They saw no secret that works" in text(browser.get(address(leaver)))


def test_the_page_of_a_person_leads_there(browser: Client, tenant: Tenant, leaver: User) -> None:
    seen(leaver, tenant)
    page = text(browser.get(reverse("admin:identities_user_change", args=[leaver.pk])))
    assert address(leaver) in page
    assert "1 live secret" in page


def command(identity: ManagedIdentity, key: str, item: object = "") -> str:
    made = reverse("admin:identities_managedidentity_command", args=[identity.pk, key])
    return f"{made}?item={item}" if item else made


def minute(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


def test_a_renewal_beyond_the_maximum_says_what_is_missing(browser: Client, tenant: Tenant, leaver: User) -> None:
    secret = seen(leaver, tenant)
    late = {"until": minute(secret.created_at + 100 * DAY), "reason": "The release is late."}
    refused = browser.post(command(secret.identity, "renew", secret.pk), late)
    assert refused.status_code == 422
    assert "Grant an exception that lasts until then" in text(refused)


def test_an_exception_lets_it_be_renewed_and_ends(browser: Client, tenant: Tenant, leaver: User) -> None:
    secret = seen(leaver, tenant)
    bot = secret.identity
    ends = {"kind": "rotation_beyond_maximum", "expires_at": minute(timezone.now() + 200 * DAY)}
    granted = browser.post(command(bot, "grant-exception"), {**ends, "reason": "The vendor is slow."}, follow=True)
    assert "The vendor is slow." in text(granted)
    late = {"until": minute(secret.created_at + 100 * DAY), "reason": "The release is late."}
    renewed = browser.post(command(bot, "renew", secret.pk), late, follow=True)
    assert "is due on" in text(renewed)
    made = PolicyException.objects.get()
    ended = browser.post(command(bot, "end-exception", made.pk), {"reason": "It is over."}, follow=True)
    assert "It is over." in text(ended)
    bot.refresh_from_db()
    assert bot.rotate_by == secret.created_at + 90 * DAY


def test_the_tab_says_who_saw_a_secret_and_that_they_left(browser: Client, tenant: Tenant, leaver: User) -> None:
    secret = seen(leaver, tenant)
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    page = text(
        browser.get(reverse("admin:identities_managedidentity_change", args=[secret.identity_id]) + "?tab=custody")
    )
    assert leaver.email in page
    assert "account disabled" in page
