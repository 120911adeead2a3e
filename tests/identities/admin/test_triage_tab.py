"""The tab that explains a colour, and the one that says who does what."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials.models import ExternalCredential
from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.factories import client_keys, pages, people, register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MOST_QUERIES = 12


@pytest.fixture
def ours() -> pages.Estate:
    estate = pages.estate("harbour")
    posture.sweep(timezone.now())
    return estate


@pytest.fixture
def client(ours: pages.Estate) -> Client:
    return pages.signed_in(ours.person)


def read(client: Client, identity: ManagedIdentity, tab: str) -> str:
    return client.get(pages.page(identity, tab)).content.decode()


def rewrite(identity: ManagedIdentity, **facts: object) -> None:
    ManagedIdentity.objects.filter(pk=identity.pk).update(**facts)


def test_who_only_reads_sees_reasons_and_no_button(ours):
    reader = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.READ_ONLY))
    shown = read(reader, ours.identity, "triage")
    assert "Nobody answers for it" in shown
    assert "Name an owner" not in shown
    assert "apply-suggestion" not in shown


def test_each_reason_stands_with_its_code_and_the_button_that_mends_it(ours, client):
    shown = read(client, ours.identity, "triage")
    for code, button in (("no_owner", "Name an owner"), ("scope_unknown", "Say how far it reaches")):
        assert f">{code}</code>" in shown
        assert button in shown


def test_the_first_reason_is_seen_whichever_tab_is_open(ours, client):
    shown = read(client, ours.identity, "facts")
    assert "It is red." in shown
    assert pages.page(ours.identity, "triage").replace("&", "&amp;") in shown


def test_what_is_missing_is_listed_with_what_it_adds(ours, client):
    shown = read(client, ours.identity, "triage")
    assert "Somebody must answer when it misbehaves." in shown
    assert "+15" in shown


def test_a_dormant_one_shows_both_sides_and_nothing_is_done(ours, client):
    rewrite(ours.identity, last_used_at=timezone.now() - 200 * DAY)
    shown = read(client, ours.identity, "triage")
    assert "Speaks for dead" in shown
    assert "Speaks for a forgotten dependency" in shown
    assert "harbour schedule" in shown
    assert "1 live secret of ours" in shown
    assert ManagedIdentity.objects.get(pk=ours.identity.pk).is_enabled


def test_silence_is_not_discussed_while_it_is_in_use(ours, client):
    rewrite(ours.identity, last_used_at=timezone.now())
    assert "Speaks for dead" not in read(client, ours.identity, "triage")


@pytest.mark.parametrize("tab", ["triage", "layers"])
def test_a_tab_costs_few_queries(ours, client, tab):
    owners = {"technical_owner": ours.person, "business_owner": ours.person, "owner_team": ours.team}
    rewrite(ours.identity, last_used_at=timezone.now() - 200 * DAY, **owners)
    with CaptureQueriesContext(connection) as found:
        assert client.get(pages.page(ours.identity, tab)).status_code == 200
    assert len(found) <= MOST_QUERIES, "\n".join(
        query["sql"][:60] + query["sql"][query["sql"].find(" FROM ") :][:60] for query in found
    )


def test_a_suggestion_is_set_by_a_press_with_its_reason_and_not_before(ours, client):
    rewrite(ours.identity, blast_radius="privileged", risk_tier="low")
    assert "because it is privileged" in read(client, ours.identity, "triage")
    address = pages.command(ours.identity, "apply-suggestion", "risk_tier:high")
    assert ManagedIdentity.objects.get(pk=ours.identity.pk).risk_tier == "low"
    assert client.post(address, {"reason": "It is privileged."}).status_code == 302
    assert ManagedIdentity.objects.get(pk=ours.identity.pk).risk_tier == "high"
    event = AuditEvent.objects.filter(subject_id=str(ours.identity.pk), type="identity.changed").latest("id")
    assert event.reason == "It is privileged."


@pytest.mark.parametrize("key", ["", "risk_tier:low", "risk_tier:", "auth_method:password", "state:retired", "name:x"])
def test_what_is_not_suggested_cannot_be_applied(ours, client, key):
    rewrite(ours.identity, blast_radius="privileged", risk_tier="medium")
    answer = client.post(pages.command(ours.identity, "apply-suggestion", key), {"reason": "x"})
    assert answer.status_code == 404
    assert ManagedIdentity.objects.get(pk=ours.identity.pk).risk_tier == "medium"


def test_a_part_that_nobody_plays_is_named(ours, client):
    orphan = register.identity(ours.tenant, issuance="external")
    ExternalCredential.objects.create(identity=orphan, kind="access_key", source="aws/1", external_id="AKIA1")
    shown = read(client, orphan, "layers")
    missing = (
        "Missing: trust source or broker, where the secret rests, who decides, who watches, who rotates and reviews."
    )
    assert missing in shown


def test_who_plays_which_part_is_said(ours, client):
    shown = read(client, ours.identity, "layers")
    assert "Passport of Steward issues its tokens" in shown
    assert "Its roles: harbour role." in shown


def test_a_key_is_a_proof_and_rests_with_the_client(ours, client):
    signing = register.identity(ours.tenant)
    client_keys.signing(of=signing)
    shown = read(client, signing, "layers")
    assert "for what it signs with its key" in shown
    assert "stays with the client" in shown
    assert "No credential of it is known" not in shown
    client_keys.signing(of=ours.identity)
    assert "a client secret or what it signs with its key" in read(client, ours.identity, "layers")


def test_the_four_answers_come_from_what_was_decided(ours, client):
    shown = read(client, ours.identity, "layers")
    assert "wf-harbour" in shown
    assert "Which workflow made its last call?" in shown
    assert "tests (until" in shown


def test_a_call_outside_its_environment_is_marked(ours, client):
    type(ours.decision).objects.filter(pk=ours.decision.pk).update(environment="sandbox")
    assert "but it belongs to production" in read(client, ours.identity, "layers")


def test_a_retired_identity_shows_its_end_and_offers_nothing(ours, client):
    rewrite(ours.identity, state="retired")
    shown = read(client, ours.identity, "triage")
    assert "It is retired" in shown
    assert "Suggestions" not in shown
