"""A verdict is kept, recorded and told once; nothing of what was tried shows that it was."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials.models import ClientSecret
from identities.detections import services as detections
from identities.detections.models import Finding
from identities.inventory import posture, usage
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people.models import Notice
from identities.policies.models import AuthorizationDecision
from identities.tokens.models import IssuedToken
from scheduling.models import Preflight, RunStep, Schedule, ScheduleRun
from scheduling.preflight.services import preflight
from scheduling.services import schedules
from tests.scheduling.preflight.conftest import PERSON
from tests.scheduling.runner import world as worlds

CODE = "HYGIENE-PREFLIGHT"


def events(kind):
    return list(AuditEvent.objects.filter(type=kind))


def judge(*identities):
    detections.evaluate([identity.pk for identity in identities], at=timezone.now())
    return list(Finding.objects.filter(code=CODE).exclude(state="resolved").order_by("key"))


def test_nothing_shows_that_a_run_was_tried(night, capfd):
    schedule = night.nightly()
    text = _secret_of(night)
    before = _marks(night)
    night.tried(schedule)
    usage.flush()
    assert _marks(night) == before
    assert not any(model.objects.exists() for model in (ScheduleRun, RunStep, IssuedToken, AuthorizationDecision))
    written = json.dumps([_rows(model) for model in apps.get_models()], default=str) + "".join(capfd.readouterr())
    assert text not in written


def _secret_of(night):
    from identities.vaults import services as vaults
    from identities.vaults.references import SecretReference

    place = SecretReference.from_json(worlds.reference("payer"))
    return vaults.read_secret(place, night.tenant.pk, "production", actor=PERSON).reveal()


def _marks(night):
    identity = ManagedIdentity.objects.filter(pk=night.payer.pk).values_list("last_used_at", "tokens_revoked_at")
    secret = ClientSecret.objects.filter(identity=night.payer).values_list("last_used_at", "first_used_at", "uses")
    return list(identity), list(secret), list(night.payer.bindings.values_list("last_used_at", flat=True))


def _rows(model):
    return list(model._default_manager.values_list())


def test_a_failure_at_two_in_the_morning_shows_the_day_before(night):
    ends = datetime(night.at.year + 1, 1, 21, tzinfo=UTC)  # in a winter that is still to come
    night.payer.bindings.update(valid_until=ends)
    [problem] = night.problems(night.nightly(), at=ends - timedelta(hours=13))
    assert problem.at == ends + timedelta(hours=1)
    assert problem.text == (
        f"Role payer-role of payer ends on {ends:%a} 21 Jan {ends.year}, 01:00 (Europe/Berlin): "
        f"the run of {ends:%a} 21 Jan {ends.year}, 02:00 (Europe/Berlin) would be refused."
    )


def test_each_reading_of_a_secret_is_recorded_with_its_place_and_by_whom(night):
    schedule = night.nightly()
    night.tried(schedule)
    [event] = events("vault.secret_read")
    assert (event.subject_id, event.actor_label) == (str(schedule.pk), PERSON.label)
    assert (event.details["secretName"], event.details["preflight"]) == ("payer", True)


def test_what_is_contained_is_not_read(night):
    ManagedIdentity.objects.filter(pk=night.payer.pk).update(state="quarantined")
    assert night.codes(night.nightly()) == ["identity_disabled"]
    assert not events("vault.secret_read")


def test_a_verdict_is_recorded_when_it_changes_and_only_then(night):
    schedule = night.nightly()
    night.tried(schedule)
    assert not events("schedule.preflight_failed")
    lifecycle.disable(night.payer, reason="inquiry", actor=PERSON)
    for hours in (1, 2):
        night.tried(schedule, at=night.at + timedelta(hours=hours))
    [failed] = events("schedule.preflight_failed")
    assert failed.details["problems"][0]["code"] == "identity_disabled"
    lifecycle.enable(ManagedIdentity.objects.get(pk=night.payer.pk), reason="over", actor=PERSON)
    night.tried(schedule, at=night.at + timedelta(hours=3))
    assert len(events("schedule.preflight_cleared")) == 1
    assert Preflight.objects.get(schedule=schedule).is_clear


def test_who_answers_is_told_of_each_problem_once_and_again_when_it_comes_back(night):
    schedule, role = night.nightly(), night.payer.bindings.get()
    keeps = role.valid_until
    for hours, until in ((1, night.at), (2, night.at), (3, keeps), (4, night.at)):
        night.payer.bindings.update(valid_from=night.at - timedelta(days=9), valid_until=until)
        night.tried(schedule, at=night.at + timedelta(hours=hours))
    told = Notice.objects.filter(person=night.ann, kind="preflight")
    assert told.count() == 2
    assert {notice.subject for notice in told} == {f"{schedule.name} would fail"}
    assert all(notice.about_id == str(schedule.pk) for notice in told)


def test_a_later_trial_is_not_overwritten_by_an_earlier_one(night):
    schedule = night.nightly()
    later = night.tried(schedule, at=night.at + timedelta(hours=1))
    night.tried(schedule)
    assert Preflight.objects.get().checked_at == later.checked_at


def test_a_schedule_that_is_paused_or_deleted_has_nothing_to_fail(night):
    schedule = night.nightly()
    lifecycle.disable(night.payer, reason="inquiry", actor=PERSON)
    assert not night.tried(schedule).is_clear
    schedules.pause(schedule, actor=PERSON)
    found = night.tried(schedule, at=night.at + timedelta(minutes=1))
    assert (found.is_clear, found.occurrences) == (True, 0)
    stale = night.fresh(schedule)
    schedules.remove_schedule(schedule, actor=PERSON)
    preflight(stale, at=night.at + timedelta(minutes=2), actor=PERSON)
    assert Preflight.objects.get().checked_at == night.at + timedelta(minutes=1)


def test_a_zone_that_is_gone_is_a_problem_and_not_an_error(night):
    schedule = night.nightly()
    Schedule.objects.filter(pk=schedule.pk).update(timezone="Mars/Olympus")
    assert night.codes(schedule) == ["rhythm_unreadable"]


def test_what_would_fail_is_a_finding_today_and_resolves_by_itself(night):
    schedule = night.nightly()
    night.payer.bindings.update(valid_until=night.at + timedelta(hours=2))
    night.tried(schedule)
    assert night.payer.pk in posture.sweep(timezone.now())
    [finding] = judge(night.payer)
    assert finding.key == "permission_missing"
    assert finding.details["remedy"] == "tab:access"
    assert finding.evidence.startswith(f"{schedule.name}: Role payer-role of payer ends on ")
    night.payer.bindings.update(valid_until=night.at + timedelta(days=30))
    night.tried(schedule, at=night.at + timedelta(minutes=1))
    assert judge(night.payer) == []


def test_the_finding_is_held_against_the_identity_of_the_step(night):
    other = worlds.bot(night.tenant, "helper", "workflow.execute")
    other.bindings.update(valid_until=night.at + timedelta(hours=1))
    ManagedIdentity.objects.filter(pk=other.pk).update(technical_owner=night.ann)
    step = {**worlds.SAY, "managedIdentityId": str(other.pk), "secretReference": worlds.reference("helper")}
    night.tried(night.nightly(step))
    assert [finding.identity_id for finding in judge(night.payer, other)] == [other.pk]


def test_findings_of_a_paused_schedule_are_over(night):
    schedule = night.nightly()
    night.payer.bindings.all().delete()
    night.tried(schedule)
    assert judge(night.payer)
    schedules.pause(schedule, actor=PERSON)
    assert judge(night.payer) == []


def test_a_verdict_without_its_record_is_not_kept(night, monkeypatch):
    schedule = night.nightly()
    night.payer.bindings.all().delete()

    def broken(*args, **kwargs):
        raise RuntimeError("no audit")

    monkeypatch.setattr("audit.services.record", broken)
    with pytest.raises(RuntimeError):
        night.tried(schedule)
    assert not Preflight.objects.exists()
    assert not Notice.objects.exists()


def test_a_trial_of_each_minute_of_a_week_takes_a_blink(night):
    schedule = night.nightly(cron_expression="* * * * *")
    began = time.process_time()
    found = night.tried(schedule)
    assert found.occurrences == 7 * 24 * 60
    assert time.process_time() - began < 5


def test_the_queries_of_a_trial_do_not_grow_with_its_occurrences(night, django_assert_max_num_queries):
    schedule = night.nightly(cron_expression="*/5 * * * *")
    with django_assert_max_num_queries(40):
        night.tried(schedule)
