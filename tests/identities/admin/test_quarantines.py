"""The pages of stops: quarantine and its runbook, pause, drill, release."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from identities.access.models import SecretGrant
from identities.credentials.models import Rotation
from identities.inventory import knocks
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import drills, pausing
from identities.lifecycle.models import LineKind, Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.lifecycle.secrets import issue_secret
from identities.people.models import PortalRole
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.factories import pages, people, tokens as made
from tests.factories.pages import SYSTEM

pytestmark = pytest.mark.django_db
REASON = {"reason": "Seen where it should not be"}


@pytest.fixture
def admin():
    return people.person(created_at=timezone.now() - timedelta(days=1))


@pytest.fixture
def browser(admin):
    return pages.signed_in(admin)


@pytest.fixture
def outside(admin) -> Quarantine:
    """Stopped here, and still to be stopped there."""
    facts = {"issuance": "external", "revocation_procedure": "Call the vendor\nAsk for proof"}
    identity = made.identity(of=admin.tenant, downstream_systems=["ledger"], upstream_trust_source="idp", **facts)
    return quarantine(identity, reason="A contractor's laptop", actor=SYSTEM)


def text(browser, row, tab: str = "") -> str:
    answer = browser.get(pages.page(row, tab))
    assert answer.status_code == 200
    return answer.content.decode()


def press(browser, row, key: str, item: object = "", **values):
    answer = browser.post(pages.command(row, key, item), values, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def state(identity: ManagedIdentity) -> str:
    return ManagedIdentity.objects.get(pk=identity.pk).state


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_stops_and_releases(admin, outside, role):
    browser = pages.signed_in(people.person(of=admin.tenant, role=role))
    identity = made.identity(of=admin.tenant)
    for key in ("pause", "drill", "quarantine"):
        assert browser.post(pages.command(identity, key), REASON).status_code == 403
    assert browser.post(pages.command(outside, "release"), REASON).status_code == 403
    assert (state(identity), state(outside.identity)) == ("active", "quarantined")


def test_before_it_is_pressed_it_says_what_stops(browser, admin):
    estate = pages.estate("quay")
    client = pages.signed_in(estate.person)
    asked = client.get(pages.command(estate.identity, "quarantine")).content.decode()
    assert "quay schedule" in asked
    assert "Live tokens" in asked
    assert "of high tier that takes two people" in asked


def test_the_button_leads_to_the_runbook_and_the_identity_says_so(browser, admin):
    identity = made.identity(of=admin.tenant)
    shown = press(browser, identity, "quarantine", **REASON)
    assert "This is its runbook" in shown
    assert "Only a release ends it" in shown
    page = text(browser, identity)
    assert "This identity is quarantined" in page
    assert pages.page(Quarantine.objects.get()) in page
    for gone in ("enable", "disable", "pause", "drill"):
        assert f"/do/{gone}/" not in page
    assert "/do/release/" in page


def test_contained_here_and_not_yet_there_until_the_last_line(browser, outside):
    shown = text(browser, outside)
    assert "Contained here, not yet there." in shown
    assert "Residual access is not known here." in shown
    assert "all tokens dead" not in shown
    lines = list(outside.lines.filter(is_required=True))
    for line in lines:
        shown = press(browser, outside, "line-done", line.pk, note="Ticket 4711")
    assert "Contained here, not yet there." not in shown
    assert "No residual access." in shown
    assert "Ticket 4711" in shown
    assert browser.get(pages.command(outside, "line-done", lines[0].pk)).status_code == 302


def test_a_line_is_given_to_somebody_who_then_ticks_it(browser, admin, outside):
    analyst, line = people.person(of=admin.tenant, role=PortalRole.ANALYST), outside.lines.first()
    theirs = pages.signed_in(analyst)
    refused = theirs.post(pages.command(outside, "line-done", line.pk), {"note": ""})
    assert "given to somebody else" in refused.content.decode()
    press(browser, outside, "line-assign", line.pk, person=str(analyst.pk))
    assert f"item={line.pk}" in text(theirs, outside)
    press(theirs, outside, "line-done", line.pk, note="")
    line.refresh_from_db()
    assert line.done_by == analyst.email


def test_its_own_secret_is_revoked_from_its_line(browser, admin):
    bot = made.bot(of=admin.tenant)
    row = quarantine(bot.identity, reason="incident", actor=SYSTEM)
    press(browser, row, "revoke-own", row.lines.get().pk, **REASON)
    assert bot.identity.secrets.get().revoked_at is not None
    assert row.lines.get().note == "Revoked."


def test_a_secret_that_it_could_read_is_rotated_from_its_line(browser, admin):
    vaults.ensure_default()
    reader, holder = made.identity(of=admin.tenant), made.identity(of=admin.tenant)
    issue_secret(holder, actor=SYSTEM, store_at=SecretReference("local", "local://default", "crm"))
    SecretGrant.objects.create(
        identity=reader,
        provider="local",
        vault_uri="local://default",
        secret_name="crm",
        state="granted",
        valid_until=timezone.now() + timedelta(days=1),
    )
    row = quarantine(reader, reason="incident", actor=SYSTEM)
    line = row.lines.get(kind=LineKind.DEPENDENT_SECRET)
    assert "is quarantined" in browser.get(pages.command(row, "rotate-dependent", line.pk)).content.decode()
    press(browser, row, "rotate-dependent", line.pk, **REASON)
    assert Rotation.objects.get(identity=holder).store_at["secretName"] == "crm"
    assert "both secrets work" in text(browser, row)
    line.refresh_from_db()
    assert line.done_at is None


def test_of_high_tier_two_people_release(browser, admin):
    identity = made.identity(of=admin.tenant, risk_tier="high")
    row = quarantine(identity, reason="incident", actor=SYSTEM)
    assert "Another person has to release it" in press(browser, row, "release", **REASON)
    assert "Somebody else has to release it" in text(browser, row)
    assert state(identity) == "quarantined"
    second = pages.signed_in(people.person(of=admin.tenant, created_at=admin.created_at))
    press(second, identity, "release", **REASON)
    assert state(identity) == "active"
    assert "It is over" in text(browser, row)


def test_a_drill_says_when_it_ends_and_is_asked_twice_in_production(browser, admin):
    identity = made.identity(of=admin.tenant, risk_tier="high")
    refused = browser.post(pages.command(identity, "drill"), REASON | {"minutes": "5"})
    assert refused.status_code == 422
    assert state(identity) == "active"
    shown = press(browser, identity, "drill", minutes="5", is_confirmed="on", **REASON)
    assert "A drill is under way" in shown
    assert "Revocation tested" in text(browser, identity, "stops")


def test_a_pause_has_an_end_and_says_who_knocked(browser, admin):
    identity = made.identity(of=admin.tenant)
    until = (timezone.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    press(browser, identity, "pause", until=until, **REASON)
    assert "Ends by itself" in text(browser, identity)
    knocks.note(identity.pk, state="paused", address="192.0.2.9", user_agent="<b>curl</b>")
    knocks.flush()
    page = text(browser, identity, "stops")
    assert "192.0.2.9" in page
    assert "<b>curl" not in page
    press(browser, identity, "resume", **REASON)
    assert state(identity) == "active"


def test_the_moving_part_is_asked_for_alone(browser, outside):
    knocks.note(outside.identity_id, state="quarantined", address="192.0.2.9")
    knocks.flush()
    answer = browser.get(f"/admin/identities/quarantine/{outside.pk}/live/?knocks")
    assert "192.0.2.9" in answer.content.decode()
    assert "no-cache" in answer["Cache-Control"]


def test_the_evidence_is_handed_to_those_who_read_the_audit(browser, admin, outside):
    address = f"/admin/identities/quarantine/{outside.pk}/evidence/"
    answer = browser.get(address)
    assert hashlib.sha256(answer.content).hexdigest() == outside.evidence_digest
    assert outside.evidence_digest in text(browser, outside, "evidence")
    for role in (PortalRole.READ_ONLY, PortalRole.ANALYST):
        reader = pages.signed_in(people.person(of=admin.tenant, role=role))
        assert reader.get(address).status_code == 403
        assert address not in text(reader, outside)


def test_nothing_of_it_is_there_for_another_tenant(outside):
    stranger = pages.signed_in(people.person())
    for address in ("", "evidence/", "live/", "do/release/"):
        assert stranger.get(f"/admin/identities/quarantine/{outside.pk}/{address}").status_code in (302, 404)
    assert outside.identity.name not in stranger.get(pages.listing(Quarantine)).content.decode()


def test_the_list_is_filtered_by_where_it_stands(browser, admin, outside):
    drill = drills.rehearse(made.identity(of=admin.tenant, name="rehearsed-bot"), actor=SYSTEM)
    drills.end_due(timezone.now() + timedelta(hours=1))

    def names(query: str) -> set[str]:
        page = browser.get(f"{pages.listing(Quarantine)}?{query}").content.decode()
        return {name for name in (drill.identity.name, outside.identity.name) if f">{name}<" in page}

    assert names("") == {drill.identity.name, outside.identity.name}
    assert names("phase=open") == names("phase=contained") == names("cause=person") == {outside.identity.name}
    assert names("phase=released") == names("cause=drill") == {drill.identity.name}


def test_every_tab_draws_for_every_role(admin, outside):
    for reader in pages.one_of_each(admin.tenant).values():
        browser = pages.signed_in(reader)
        answer = browser.get(pages.page(outside))
        for tab in answer.context["page"].tabs:
            assert browser.get(pages.page(outside, tab.key)).status_code == 200
            assert browser.get(pages.page(outside.identity, "stops")).status_code == 200


def test_the_pages_cost_few_queries(browser, admin, outside, django_assert_max_num_queries):
    for _ in range(5):
        pausing.pause(made.identity(of=admin.tenant), reason="x", actor=SYSTEM)
        quarantine(made.bot(of=admin.tenant).identity, reason="x", actor=SYSTEM)
    with django_assert_max_num_queries(12):
        browser.get(pages.page(outside))
    with django_assert_max_num_queries(12):
        browser.get(pages.listing(Quarantine))
