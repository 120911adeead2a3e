"""Tenants never see each other, whatever the page, the filter or the form."""

import pytest
from django.test import Client

from identities.admin.site import site
from identities.people.models import PortalRole, Tenant
from identities.vaults.models import VaultConnection
from scheduling.models import ScheduleRun
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
MODELS = sorted(site._registry, key=lambda model: model.__name__)


@pytest.fixture(scope="module")
def ours(made_once):
    return pages.estate("harbour")


@pytest.fixture(scope="module")
def theirs(made_once):
    return pages.estate("ZEBRA")


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.ADMIN])
def test_a_foreign_page_is_as_good_as_none(ours, theirs, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    audited = {"AuditEvent", "AuthorizationDecision"} if role is PortalRole.READ_ONLY else set()
    for row in theirs.rows:
        expected = 403 if type(row).__name__ in audited else 404
        assert client.get(pages.page(row)).status_code == expected, row


@pytest.mark.parametrize("model", MODELS)
def test_a_list_holds_no_foreign_row_filter_or_name(ours, theirs, model):
    client = pages.signed_in(people.person(of=ours.tenant))
    text = client.get(pages.listing(model)).content.decode()
    assert "zebra" not in text.lower()
    assert str(theirs.tenant.pk) not in text


@pytest.mark.parametrize("model", [model for model in MODELS if model not in {ScheduleRun, Tenant}])
def test_a_form_offers_nothing_foreign(ours, theirs, model):
    client = pages.signed_in(people.person(of=ours.tenant))
    response = client.get(pages.adding(model))
    assert response.status_code in {200, 403}
    assert "zebra" not in response.content.decode().lower()


def test_a_foreign_choice_is_no_valid_answer(ours, theirs):
    client = pages.signed_in(people.person(of=ours.tenant))
    response = client.post(
        pages.adding(type(ours.binding)),
        {
            "identity": str(theirs.identity.pk),
            "role": str(ours.role.pk),
            "valid_until": "2031-01-01T00:00",
            "reason": "x",
        },
    )
    assert response.status_code == 422
    assert theirs.identity.bindings.count() == 1


def test_a_foreign_part_cannot_be_named(ours, theirs):
    client = pages.signed_in(people.person(of=ours.tenant))
    address = pages.command(ours.identity, "revoke-secret", theirs.secret.pk)
    assert client.post(address, {"reason": "mine now"}).status_code == 404
    theirs.secret.refresh_from_db()
    assert theirs.secret.revoked_at is None


def test_a_command_on_a_foreign_row_is_a_404(ours, theirs):
    client = pages.signed_in(people.person(of=ours.tenant))
    for row, key in (
        (theirs.identity, "disable"),
        (theirs.schedule, "pause"),
        (theirs.person, "disable"),
        (theirs.role, "edit"),
    ):
        assert client.post(pages.command(row, key), {"reason": "x"}).status_code == 404


def test_an_auditor_reads_every_tenant(ours, theirs):
    client = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.AUDITOR))
    for row in theirs.rows:
        assert client.get(pages.page(row)).status_code == 200, row


def test_a_platform_admin_sees_what_the_switch_says(ours, theirs):
    client = pages.signed_in(people.platform_admin(of=ours.tenant))
    assert "zebra-bot" not in client.get(pages.listing(type(ours.identity))).content.decode().lower()
    client.post("/admin/tenant/", {"tenant": str(theirs.tenant.pk)})
    assert "zebra-bot" in client.get(pages.listing(type(ours.identity))).content.decode().lower()
    client.post("/admin/tenant/", {"tenant": "every"})
    text = client.get(pages.listing(type(ours.identity))).content.decode().lower()
    assert "zebra-bot" in text
    assert "harbour-bot" in text


def test_nothing_is_made_while_every_tenant_is_looked_at(ours):
    client = pages.signed_in(people.platform_admin(of=ours.tenant))
    people.tenant()
    client.post("/admin/tenant/", {"tenant": "every"})
    response = client.post(pages.adding(type(ours.team)), {"name": "Nowhere"})
    assert b"Choose a tenant first" in response.content
    assert not type(ours.team).objects.filter(name="Nowhere").exists()


def test_the_common_vault_is_seen_and_the_others_are_not(ours, theirs):
    common = VaultConnection.objects.get(tenant=None)
    client = pages.signed_in(people.person(of=ours.tenant))
    assert client.get(pages.page(common)).status_code == 200
    assert client.get(pages.page(theirs.vault)).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=a",
        "secrets__digest__startswith=a",
        "business_owner__password=a",
        "tenant__name=x",
        "id__gt=0",
    ],
)
def test_a_query_string_is_no_oracle(ours, query):
    client = pages.signed_in(people.person(of=ours.tenant))
    for model in (people.User, type(ours.identity)):
        response = client.get(f"{pages.listing(model)}?{query}")
        assert response.status_code in {302, 400}


def test_an_analyst_sees_only_their_own_rows_of_the_audit(ours):
    analyst = people.person(of=ours.tenant, role=PortalRole.ANALYST)
    client = pages.signed_in(analyst)
    assert "harbour why" not in client.get(pages.page(ours.team, "timeline")).content.decode()
    assert client.get(pages.page(ours.event)).status_code == 404


def test_strangers_get_no_page_at_all(ours):
    for row in ours.rows:
        assert Client().get(pages.page(row)).status_code == 302
