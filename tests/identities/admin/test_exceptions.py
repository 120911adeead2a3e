"""The pages of exceptions: granted with a name, renewed by a decision of its own, ended."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.inventory.models import PolicyException
from identities.people.models import PortalRole
from tests.factories import pages, people, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return people.person()


@pytest.fixture
def browser(admin):
    return pages.signed_in(admin)


def values(**more: object) -> dict[str, object]:
    ends = (timezone.now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
    return {"kind": "shared_identity", "reason": "Two reports read it", "expires_at": ends, **more}


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_grants(admin, role):
    browser = pages.signed_in(people.person(of=admin.tenant, role=role))
    assert browser.get(pages.listing(PolicyException)).status_code == 200
    assert browser.post(pages.adding(PolicyException), values()).status_code == 403


def test_a_shared_identity_is_refused_beside_the_field_then_granted_renewed_and_ended(browser, admin):
    bot = tokens.identity(of=admin.tenant, risk_tier="medium")
    given = values(identity=str(bot.pk), owner=str(admin.pk))
    refused = browser.post(pages.adding(PolicyException), given)
    assert refused.status_code == 422
    assert "Only an identity of low risk tier may be shared." in refused.content.decode()
    type(bot).objects.filter(pk=bot.pk).update(risk_tier="low")
    nobody = browser.post(pages.adding(PolicyException), values(identity=str(bot.pk)))
    assert "Name the person who answers for it." in nobody.content.decode()
    browser.post(pages.adding(PolicyException), given)
    first = PolicyException.objects.get()
    assert "Several workloads may use it" in browser.get(pages.page(bot, "access")).content.decode()
    renewed = values(owner=str(admin.pk), reason="Once more")
    del renewed["kind"]
    browser.post(pages.command(first, "renew"), renewed)
    second = PolicyException.objects.get(renews=first)
    shown = browser.get(pages.page(second)).content.decode()
    assert "The one before" in shown
    assert "in force" in shown
    browser.post(pages.command(second, "end"), {"reason": "One is left"})
    assert "over" in browser.get(pages.page(second)).content.decode()


def test_the_pages_cost_few_queries(browser, admin):
    bot = tokens.identity(of=admin.tenant)
    made = PolicyException.objects.create(
        identity=bot, kind="rotation_beyond_maximum", reason="x", expires_at=timezone.now() + timedelta(days=1)
    )
    for address in (pages.page(made), pages.listing(PolicyException), f"{pages.listing(PolicyException)}?state=ending"):
        with CaptureQueriesContext(connection) as found:
            assert browser.get(address).status_code == 200
        assert len(found) <= 12
