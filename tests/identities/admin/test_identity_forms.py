"""The form of an identity: every member, nothing chosen for anybody, and where each value came from."""

import pytest

from identities.admin.identity_forms import FactsForm, origin_said
from identities.inventory.facts import WRITABLE
from identities.inventory.models import ManagedIdentity
from tests.factories import pages, people, register

pytestmark = pytest.mark.django_db
ADD = "/admin/identities/managedidentity/add/"
AWS = {"origin": "imported", "source": "aws/1234", "at": "2026-05-03T08:00:00+00:00", "by": "import"}
LEAST = {"name": "new-bot", "environment": "production", "kind": "bot", "purpose": "Pays.",
         "ownership_class": "workload", "issuance": "portal", "risk_tier": "medium", "secret": "none"}  # fmt: skip


@pytest.fixture
def here():
    return people.tenant("Harbour")


@pytest.fixture
def client(here):
    return pages.signed_in(people.person(of=here))


def edit(client, bot, **facts):
    address = pages.command(bot, "edit")
    form = client.get(address).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    prepared = {name: form.fields[name].prepare_value(value) for name, value in sent.items()}
    values = {name: value for name, value in prepared.items() if value not in (None, False)}
    seen = ManagedIdentity.objects.get(pk=bot.pk).updated_at.isoformat()
    return client.post(address, {**values, "seen": seen, **facts})


def test_every_member_that_may_be_written_has_a_field():
    assert set(FactsForm.base_fields) == set(WRITABLE)
    assert sorted(name for section in FactsForm.sections for name in section.fields) == sorted(FactsForm.base_fields)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"environment": ""}, "environment"), ({"purpose": ""}, "purpose"), ({"name": ""}, "name"),
        ({"expected_cadence": "now and then"}, "expected_cadence"),
        ({"rotation_interval_days": "0"}, "rotation_interval_days"),
        ({"blast_radius": "the moon"}, "blast_radius"), ({"auth_method": "hope"}, "auth_method"),
        ({"review_by": "9999-12-31"}, "review_by"), ({"expires_at": "0001-01-01T00:00"}, "expires_at"),
        ({"ownership_class": "vendor"}, "business_owner"), ({"protocols": "x" * 500}, "protocols"),
        ({"auth_method": "human_shared_admin"}, "auth_method"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_beside_its_field(client, sent, field):
    response = client.post(ADD, {**LEAST, **sent})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not ManagedIdentity.objects.exists()


def test_everything_said_is_kept(client):
    more = {
        "function": "sync", "trust_boundary": "internal", "blast_radius": "read_only", "privilege_level": "low",
        "business_criticality": "high", "auth_method": "vault_dynamic", "protocols": "https\n\n grpc ",
        "upstream_trust_source": "vault", "upstream_dependencies": "dns", "downstream_systems": "sap\nledger",
        "downstream_permissions": "s3:GetObject", "deprovisioning_trigger": "Project ends",
        "disable_strategy": "staged",
        "expected_cadence": "daily", "vendor_contract": "C-1", "vendor_renewal_on": "2030-01-31",
        "tags": "cost=4711\nhot", "revocation_procedure": "Ask", "review_by": "2030-01-01",
    }  # fmt: skip
    response = client.post(ADD, {**LEAST, **more})
    assert response.status_code == 302, response.context["form"].errors
    made = ManagedIdentity.objects.get()
    assert (made.protocols, made.downstream_systems, made.tags) == (
        ["https", "grpc"], ["sap", "ledger"], {"cost": "4711", "hot": ""},
    )  # fmt: skip
    assert (made.function, made.auth_method, made.expected_cadence, made.disable_strategy) == (
        "sync", "vault_dynamic", "daily", "staged",
    )  # fmt: skip


def test_saving_what_was_shown_changes_nothing(here, client):
    bot = register.identity(
        here, protocols=["https"], tags=["old", "list"], function="sync", technical_owner="Old Hand"
    )
    before = ManagedIdentity.objects.filter(pk=bot.pk).values().get()
    assert edit(client, bot).status_code == 302
    after = ManagedIdentity.objects.filter(pk=bot.pk).values().get()
    moving = {"updated_at", "assessed_at", "reassess_at"}
    assert {name: value for name, value in after.items() if name not in moving} == {
        name: value for name, value in before.items() if name not in moving
    }


def test_an_imported_row_without_environment_can_be_mended_elsewhere_first(here, client):
    bot = register.identity(here)
    ManagedIdentity.objects.filter(pk=bot.pk).update(environment="", purpose="")
    assert edit(client, bot, ticket="J-1").status_code == 302
    bot.refresh_from_db()
    assert (bot.environment, bot.ticket) == ("", "J-1")


def test_each_field_says_where_its_value_came_from(here, client):
    bot = register.identity(here)
    edited = {**AWS, "origin": "edited", "source": "", "by": "dana"}
    ManagedIdentity.objects.filter(pk=bot.pk).update(provenance={"environment": AWS, "ticket": edited})
    text = client.get(pages.command(bot, "edit")).content.decode()
    assert "Imported from aws/1234 on 3 May 2026" in text
    assert "Edited by dana on 3 May 2026" in text


@pytest.mark.parametrize("entry", [{}, {"origin": "dreamt"}, {"origin": "edited", "at": "rubbish"}, {"origin": None}])
def test_an_odd_note_of_where_a_value_came_from_is_still_told(entry):
    assert origin_said(entry)


def test_suggestions_are_shown_and_never_chosen(here, client):
    bot = register.identity(here, blast_radius="privileged", risk_tier="low")
    response = client.get(pages.command(bot, "edit"))
    assert "Suggested: High" in response.content.decode()
    assert response.context["form"]["risk_tier"].value() == "low"


def test_every_way_to_prove_oneself_stands_with_verdict_and_weakness(client):
    text = client.get(ADD).content.decode()
    assert "last resort" in text
    assert "best default" in text
    assert "Weakness:" in text
