"""Secret references in the admin: one row a place, its readers with their buttons, versions without a value."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.access import secret_grants
from identities.access.models import GrantState, SecretGrant
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.factories import pages, people, tokens

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CANARY = "the-value-that-nobody-sees"


@pytest.fixture
def ours():
    vaults.ensure_default()
    return pages.estate("harbour")


def reference(name="crm"):
    return SecretReference("local", "local://default", name)


def given(ours, name="crm", *, to=None, **more):
    values = {"valid_until": timezone.now() + 30 * DAY, "reason": "sync", **more}
    return secret_grants.grant(to or ours.identity, reference(name), **values, actor=people.SYSTEM)


def text_of(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_a_place_is_one_row_however_many_read_it(ours):
    given(ours)
    given(ours, to=tokens.identity(of=ours.tenant))
    asked = tokens.identity(of=ours.tenant)
    secret_grants.ask(asked, reference(), valid_until=timezone.now() + DAY, reason="me too", actor=people.SYSTEM)
    client = pages.signed_in(ours.person)
    response = client.get(pages.listing(SecretGrant))
    rows = response.context["cl"].result_list
    assert [(row.secret_name, row.readers, row.waiting) for row in rows] == [("crm", 2, 1), ("harbour secret", 1, 0)]
    for state, found in (("asked", 1), ("readers", 2), ("nobody", 0)):
        listed = client.get(f"{pages.listing(SecretGrant)}?state={state}")
        assert len(listed.context["cl"].result_list) == found, state


def test_the_page_names_every_reader_with_what_can_be_done(ours):
    grant = given(ours)
    asked = secret_grants.ask(
        tokens.identity(of=ours.tenant), reference(), valid_until=timezone.now() + DAY, reason="x", actor=people.SYSTEM
    )
    text = text_of(pages.signed_in(ours.person), pages.page(grant))
    for row, key in ((grant, "end"), (grant, "extend"), (asked, "approve"), (asked, "refuse")):
        assert pages.command(row, key) in text
    reading = text_of(pages.signed_in(people.person(of=ours.tenant, role="READ_ONLY")), pages.page(grant))
    assert pages.command(grant, "end") not in reading
    assert "may read" in reading


def test_a_reader_that_does_not_read_is_proposed_for_removal(ours):
    grant = given(ours)
    client = pages.signed_in(ours.person)
    assert "not needed?" not in text_of(client, pages.page(grant))
    long_ago = timezone.now() - 31 * DAY
    SecretGrant.objects.filter(pk=grant.pk).update(asked_at=long_ago, decided_at=long_ago)
    assert "not needed?" in text_of(client, pages.page(grant))
    assert "not needed?" in text_of(client, pages.page(ours.identity, "access"))
    SecretGrant.objects.filter(pk=grant.pk).update(last_used_at=timezone.now())
    assert "not needed?" not in text_of(client, pages.page(grant))


def test_versions_are_shown_and_values_never(ours):
    vaults.write_secret(reference(), CANARY, tenant_id=ours.tenant.pk, actor=people.SYSTEM)
    grant = given(ours)
    text = text_of(pages.signed_in(ours.person), pages.page(grant, "versions"))
    assert "can be read" in text
    assert CANARY not in text
    reader = pages.signed_in(people.person(of=ours.tenant, role="ANALYST"))
    assert "can be read" not in text_of(reader, pages.page(grant, "versions"))


def test_a_vault_that_says_no_is_quoted(ours):
    grant = given(ours, "nowhere")
    assert "The vault does not tell." in text_of(pages.signed_in(ours.person), pages.page(grant, "versions"))


def entered(ours, client, **changed):
    vault = vaults.ensure_default()
    until = (timezone.now() + DAY).strftime("%Y-%m-%dT%H:%M")
    body = {
        "identity": str(ours.identity.pk), "vault": str(vault.pk), "secret_name": "crm", "valid_until": until,
        "reason": "the export",
    }  # fmt: skip
    once = client.get(pages.adding(SecretGrant)).context["once"]
    return client.post(pages.adding(SecretGrant), {**body, "once": once, **changed})


def test_an_administrator_lets_it_be_read_at_once(ours):
    assert entered(ours, pages.signed_in(ours.person)).status_code == 302
    assert SecretGrant.objects.get(secret_name="crm").state == GrantState.GRANTED


def test_an_analyst_asks_and_an_administrator_grants(ours):
    analyst = pages.signed_in(people.person(of=ours.tenant, role="ANALYST"))
    assert entered(ours, analyst).status_code == 302
    asked = SecretGrant.objects.get(secret_name="crm")
    assert asked.state == GrantState.ASKED
    assert analyst.get(pages.command(asked, "approve")).status_code == 403
    client = pages.signed_in(ours.person)
    page = client.get(pages.command(asked, "approve"))
    until = (timezone.now() + DAY).strftime("%Y-%m-%dT%H:%M")
    sent = {"reason": "fine", "valid_until": until, "once": page.context["once"], "seen": page.context["seen"]}
    assert client.post(pages.command(asked, "approve"), sent).status_code == 302
    asked.refresh_from_db()
    assert asked.state == GrantState.GRANTED


def test_what_does_not_fit_is_said_beside_its_field(ours):
    client = pages.signed_in(ours.person)
    response = entered(ours, client, secret_name="../x")
    assert response.context["form"].errors["secret_name"]
    late = (timezone.now() + 400 * DAY).strftime("%Y-%m-%dT%H:%M")
    assert entered(ours, client, valid_until=late).context["form"].errors["valid_until"]


def test_the_page_costs_few_queries_however_many_read(ours, django_assert_max_num_queries):
    grant = given(ours)
    for _ in range(8):
        given(ours, to=tokens.identity(of=ours.tenant))
    client = pages.signed_in(ours.person)
    client.get(pages.page(grant))
    with django_assert_max_num_queries(10):
        client.get(pages.page(grant))
