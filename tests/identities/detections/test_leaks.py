"""A reported secret dies by the tier of its identity, in its own tenant, and leaves nothing of itself behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import secret_format, services as credentials
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientSecret
from identities.detections import leak_actions, leaks, services as detections
from identities.detections.models import Finding, FindingState, LeakAction, LeakDoor, LeakMatch, LeakReport
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.lifecycle.models import Quarantine
from identities.people.actors import actor_of
from identities.people.models import Notice
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def owner():
    return cast.person(email="owner@example.com")


def identity(owner, tier, **facts):
    return bots.identity(of=owner.tenant, risk_tier=tier, technical_owner=owner, **facts)


def issued(which):
    return credentials.issue(which, actor=cast.SYSTEM)


def report(text, *, by=None, source="build log", **more):
    actor = actor_of(by) if by else cast.SYSTEM
    visible = None if by is None else {by.tenant_id}
    return leaks.report(text, source=source, door=LeakDoor.PASTED, actor=actor, visible=visible, **more)


def only(matches):
    (match,) = matches
    return match


def fresh(which):
    return ManagedIdentity.objects.get(pk=which.pk)


def open_findings(which):
    return Finding.objects.filter(identity=which, code="NHI2-LEAKED", state=FindingState.OPEN)


def test_a_secret_that_was_never_issued_leaves_nothing(owner):
    before = AuditEvent.objects.count()
    assert report(f"x {secret_format.generate('production')}", by=owner) == []
    assert report("nothing", by=owner) == []
    assert not LeakReport.objects.exists()
    assert not Notice.objects.exists()
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("tier", ["low", "medium"])
def test_below_the_high_tier_the_secret_is_revoked_and_the_identity_goes_on(owner, tier):
    bot = identity(owner, tier)
    leaked = issued(bot)
    match = only(report(f"SECRET={leaked.text}", by=owner))
    assert (match.identity, match.secret, match.action) == (bot, leaked.secret, LeakAction.REVOKED)
    assert authenticate(bot.client_id, leaked.text) is None
    assert fresh(bot).is_enabled
    assert fresh(bot).tokens_revoked_at is not None
    assert not Quarantine.objects.exists()


def test_in_the_high_tier_the_identity_is_quarantined_and_its_release_does_not_bring_the_secret_back(owner):
    bot = identity(owner, "high")
    leaked = issued(bot)
    assert only(report(leaked.text, by=owner)).action == LeakAction.QUARANTINED
    assert fresh(bot).state == "quarantined"
    assert Quarantine.objects.get().cause == "leak"
    leaked.secret.refresh_from_db()
    assert leaked.secret.revoked_at is not None


def test_the_runbook_asks_for_what_did_not_leak_alone(owner):
    bot = identity(owner, "high")
    leaked, other = issued(bot), issued(bot)
    report(leaked.text, by=owner)
    lines = Quarantine.objects.get().lines.filter(kind="credential")
    assert {line.about["credential_id"]: bool(line.done_at) for line in lines} == {
        str(leaked.secret.pk): True,
        str(other.secret.pk): False,
    }


def test_a_rotation_that_the_secret_is_part_of_is_over(owner):
    bot = identity(owner, "medium")
    old, new = issued(bot), issued(bot)
    assert only(report(old.text, by=owner)).action == LeakAction.REVOKED
    assert authenticate(bot.client_id, new.text) is not None
    third = issued(bot)
    assert authenticate(bot.client_id, third.text) is not None


def test_what_had_ended_before_is_a_match_on_which_nothing_is_done(owner):
    bot = identity(owner, "high")
    leaked = issued(bot)
    credentials.revoke(leaked.secret, reason="over", actor=cast.SYSTEM)
    assert only(report(leaked.text, by=owner)).action == LeakAction.NONE
    assert fresh(bot).is_enabled
    assert LeakMatch.objects.get().action == LeakAction.NONE
    assert not Notice.objects.exists()
    assert not open_findings(bot).exists()


def test_the_same_report_again_is_no_news(owner):
    leaked = issued(identity(owner, "low"))
    first, again = only(report(leaked.text, by=owner)), only(report(leaked.text, by=owner))
    assert (first.action, again.action) == (LeakAction.REVOKED, LeakAction.NONE)
    assert (first.is_repeated, again.is_repeated, again.report) == (False, True, first.report)
    assert LeakReport.objects.count() == 1
    elsewhere = only(report(leaked.text, by=owner, source="another log"))
    assert elsewhere.report != first.report
    assert Notice.objects.filter(kind="leak").count() == 1


@pytest.mark.parametrize("state", ["disabled", "paused", "quarantined", "requested", "retired"])
@pytest.mark.parametrize("tier", ["low", "high"])
def test_a_stopped_identity_loses_the_secret_all_the_same(owner, state, tier):
    bot = identity(owner, tier)
    leaked = issued(bot)
    ManagedIdentity.objects.filter(pk=bot.pk).update(state=state)
    assert only(report(leaked.text, by=owner)).action in {LeakAction.REVOKED, LeakAction.QUARANTINED}
    assert ClientSecret.objects.get().revoked_at is not None


def test_one_text_may_hold_many(owner):
    secrets = [issued(identity(owner, tier)) for tier in ("low", "medium", "high")]
    matches = report("\n".join(each.text for each in (*secrets, *secrets)), by=owner)
    assert {match.action for match in matches} == {LeakAction.REVOKED, LeakAction.QUARANTINED}
    assert (len(matches), LeakReport.objects.count(), LeakMatch.objects.count()) == (3, 1, 3)


def test_what_stands_in_the_way_of_one_keeps_no_other_alive(owner, monkeypatch):
    both = (issued(identity(owner, "low")) for _ in range(2))
    first, second = sorted(both, key=lambda it: str(it.secret.identity_id))
    act = leak_actions.act

    def fail_once(which, secret, **more):
        if secret.pk == first.secret.pk:
            raise RuntimeError("the database is away")
        return act(which, secret, **more)

    monkeypatch.setattr(leaks, "act", fail_once)
    with pytest.raises(RuntimeError):
        report(f"{first.text} {second.text}", by=owner)
    assert set(ClientSecret.objects.filter(revoked_at=None)) == {first.secret}
    assert LeakMatch.objects.get().secret == second.secret


def test_who_answers_for_it_is_told_what_was_done_and_what_is_left(owner):
    report(issued(identity(owner, "low", name="payroll")).text, by=owner)
    notice = Notice.objects.get(kind="leak")
    assert (notice.person, notice.subject) == (owner, "A secret of 'payroll' leaked")
    assert "found in build log" in notice.text
    assert "The identity has no secret now" in notice.text


def test_where_another_secret_works_nobody_is_told_that_there_is_none(owner):
    bot = identity(owner, "low")
    old, _new = issued(bot), issued(bot)
    report(old.text, by=owner)
    assert "no secret now" not in Notice.objects.get(kind="leak").text


def test_a_finding_opens_at_once_and_ends_when_the_secret_is_replaced_and_a_day_is_over(owner):
    bot = identity(owner, "low")
    leaked = issued(bot)
    report(leaked.text, by=owner)
    found = open_findings(bot).get()
    assert found.key == str(leaked.secret.pk)
    assert leaked.text not in found.evidence + str(found.details)
    detections.evaluate([bot.pk], at=timezone.now() + 2 * DAY)
    assert open_findings(bot).exists(), "nothing has taken its place yet"
    issued(bot)
    detections.evaluate([bot.pk], at=timezone.now())
    assert open_findings(bot).exists(), "somebody must have had the time to see it"
    detections.evaluate([bot.pk], at=timezone.now() + 2 * DAY)
    assert not open_findings(bot).exists()


def test_quarantine_is_no_weapon(owner, monkeypatch):
    monkeypatch.setattr(leak_actions, "MOST_AN_HOUR", 2)
    admin = cast.person(of=owner.tenant, email="admin@example.com")
    secrets = [issued(identity(owner, "high")) for _ in range(3)]
    actions = [only(report(each.text, by=owner)).action for each in secrets]
    assert actions == [LeakAction.QUARANTINED, LeakAction.QUARANTINED, LeakAction.REVOKED]
    assert not ClientSecret.objects.filter(revoked_at=None).exists()
    told = Notice.objects.filter(text__contains="A person has to decide")
    assert {notice.person for notice in told} == {owner, admin}


def test_another_tenants_secret_dies_there_and_neither_sees_the_other(owner):
    stranger = cast.person(email="stranger@example.com")
    leaked = issued(identity(owner, "low"))
    assert report(leaked.text, by=stranger) == []
    assert ClientSecret.objects.get().revoked_at is not None
    row = LeakReport.objects.get()
    assert (row.tenant, row.reported_by) == (owner.tenant, "somebody of another tenant")
    told = AuditEvent.objects.get(type="leak.reported")
    assert (told.tenant_id, told.actor_label) == (owner.tenant_id, leaks.INTAKE)


def test_a_partner_sees_all_and_belongs_nowhere(owner):
    leaked = issued(identity(owner, "low"))
    assert only(report(leaked.text)).secret == leaked.secret
    assert LeakReport.objects.get().reported_by == cast.SYSTEM.label


@pytest.mark.parametrize("written", ["{}", "a %5F {}", "https://x.example/?token={}"])
def test_what_is_named_as_the_place_is_kept_without_a_secret(owner, written):
    leaked = issued(identity(owner, "low"))
    text = leaked.text
    for place in (written.format(text), written.format(text.replace("_", "%5F"))):
        report(text, by=owner, source=place[:200], where=place)
    kept = " ".join(f"{row.source} {row.where}" for row in LeakReport.objects.all())
    assert text[9:40] not in kept
    assert "[masked]" in kept


def test_it_is_quick_and_says_how_quick(owner):
    match = only(report(issued(identity(owner, "high")).text, by=owner))
    kept = LeakMatch.objects.get()
    assert kept.seconds is not None
    assert 0 < kept.seconds < 5
    assert match.seconds == pytest.approx(kept.seconds)


def test_the_report_is_in_the_audit_with_its_action_and_without_the_secret(owner):
    leaked = issued(identity(owner, "low"))
    report(leaked.text, by=owner, where=f"line of {leaked.text}")
    event = AuditEvent.objects.get(type="leak.reported")
    assert event.details["action"] == "revoked"
    assert event.details["hint"] == leaked.secret.hint
    everything = " ".join(str(row) for row in AuditEvent.objects.values_list("details", "reason", "changes"))
    assert leaked.text[9:40] not in everything


def test_the_identity_may_be_disabled_and_is_still_told_of(owner):
    bot = identity(owner, "low")
    leaked = issued(bot)
    lifecycle.disable(bot, reason="x", actor=cast.SYSTEM)
    report(leaked.text, by=owner)
    assert open_findings(bot).exists()
