"""The demo's past: a month of runs, tokens, decisions, imports and numbers; and an audit that tells of today alone."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from audit.models import AuditEvent
from identities.credentials.models import ClientSecret
from identities.detections.models import Finding, FindingState
from identities.discovery.models import ImportRun, Merge, SourceRecord
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from identities.policies.models import AuthorizationDecision
from identities.programme import course, selectors
from identities.programme.measure import Unit
from identities.programme.selectors import Day
from identities.programme.slices import Slice
from identities.tokens.models import IssuedToken
from scheduling.builtin.agent_health import HEALTH_CHECK
from scheduling.demo import exports
from scheduling.models import RunStep, Schedule, ScheduleRun
from scheduling.services.blocking import blocked

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_the_audit_tells_when_it_was_loaded_and_nothing_earlier(demo: Tenant, at: datetime) -> None:
    events = AuditEvent.objects.filter(tenant_id=demo.pk)
    assert events.count() > 100
    assert not events.filter(recorded_at__lt=at).exists()


def test_nothing_of_it_lies_in_the_future(demo: Tenant, at: datetime) -> None:
    assert not ScheduleRun.objects.filter(tenant=demo, finished_at__gt=at).exists()
    assert not IssuedToken.objects.filter(identity__tenant=demo, issued_at__gt=at).exists()
    assert not AuthorizationDecision.objects.filter(tenant_id=demo.pk, at__gt=at).exists()
    assert not Finding.objects.filter(tenant=demo, first_seen_at__gt=at).exists()
    of_today = ManagedIdentity.objects.filter(tenant=demo, created_at__gte=at, requests=None)
    assert {row.name for row in of_today} == {HEALTH_CHECK.identity}, "the tenant was given it today"
    assert not ManagedIdentity.objects.filter(tenant=demo, last_used_at__gt=at).exists()


def test_runs_of_a_month_ended_well_mostly(demo: Tenant, at: datetime) -> None:
    runs = ScheduleRun.objects.filter(tenant=demo, created_at__gt=at - 31 * DAY)
    ended = Counter(runs.values_list("state", flat=True))
    assert set(ended) == {"succeeded", "failed", "refused", "skipped"}
    assert ended["succeeded"] > 9 * (ended["failed"] + ended["refused"] + ended["skipped"])
    assert len({run.created_at.date() for run in runs}) >= 30
    assert not RunStep.objects.filter(run__tenant=demo, run__state="skipped").exists()
    retried = runs.filter(attempt=2).first()
    assert retried is not None
    assert retried.steps.filter(state="failed").count() == 1


def test_a_run_shows_what_the_runner_would_have_left(demo: Tenant) -> None:
    run = ScheduleRun.objects.filter(tenant=demo, schedule__name="Ledger export", state="refused").first()
    assert run is not None
    last = run.steps.order_by("sequence").last()
    assert last is not None
    assert (last.name, last.state, run.status, run.code) == ("guard", "refused", 403, "authorization_denied")
    decision = AuthorizationDecision.objects.get(run_id=run.pk)
    assert (decision.outcome, decision.policy_ids) == ("deny", ["no-unattended-export"])
    assert IssuedToken.objects.filter(jti=decision.token_jti).exists()


def test_one_schedule_is_blocked_and_its_identity_can_be_enabled(demo: Tenant) -> None:
    (schedule,) = blocked([demo.pk])
    assert (schedule.name, schedule.identity_state) == ("Weekly sales report", "disabled")
    assert ScheduleRun.objects.get(pk=schedule.blocked_run_id).reason == schedule.blocked_reason
    assert Schedule.objects.get(pk=schedule.pk).blocked_since == schedule.blocked_since


def test_tokens_were_issued_each_day(demo: Tenant, at: datetime) -> None:
    days = {token.issued_at.date() for token in IssuedToken.objects.filter(identity__tenant=demo)}
    assert {(at - ago * DAY).date() for ago in range(1, 30)} <= days


def test_secrets_were_rotated_before(demo: Tenant) -> None:
    ended = ClientSecret.objects.filter(identity__tenant=demo).exclude(revoked_at=None)
    assert ended.count() >= 5
    assert all(secret.created_at < secret.revoked_at for secret in ended if secret.revoked_at)


def _shown(day: Day, key: str) -> float:
    found = day.numbers[key].shown
    assert found is not None
    return found


def test_the_numbers_go_the_way_of_a_programme_that_gets_on(demo: Tenant, at: datetime) -> None:
    days = selectors.trend(Slice(frozenset({demo.pk})), days=40, at=at)
    assert len(days) == 31
    first, last = days[0], days[-1]
    assert _shown(first, "total") < _shown(last, "total")
    assert _shown(first, "owned") < _shown(last, "owned")
    assert _shown(first, "dormant") >= _shown(last, "dormant")
    shares = [_shown(day, "owned") for day in days]
    assert min(later - earlier for earlier, later in pairwise(shares)) < -3, "a wobble on the way"
    for day in days:
        assert sum(_shown(day, colour) for colour in ("red", "amber", "green")) == _shown(day, "total")
        shared = [number for number in day.numbers.values() if number.measure.unit is Unit.SHARE]
        assert all(0 <= (number.percent or 0) <= 100 for number in shared)


def test_a_fortnight_ago_the_estate_outgrew_its_owners(demo: Tenant, at: datetime) -> None:
    days = {day.day: day for day in selectors.trend(Slice(frozenset({demo.pk})), days=40, at=at)}
    then, before = days[(at - 13 * DAY).date()], days[(at - 17 * DAY).date()]
    assert "growth_without_owners" in {caution.code for caution in course.warnings(then.numbers, before.numbers)}


def test_imports_lie_in_the_past_and_left_every_trace(demo: Tenant, at: datetime) -> None:
    runs = ImportRun.objects.filter(tenant=demo)
    assert Counter(run.state for run in runs) == {"applied": 6, "failed": 1, "previewed": 1}
    assert {(at - run.created_at).days for run in runs} == {export.days_ago for export in exports.EXPORTS}
    records = SourceRecord.objects.filter(tenant=demo)
    assert records.exclude(gone_at=None).count() == 1
    assert all(record.first_seen_at <= record.last_seen_at < at for record in records)
    assert Merge.objects.filter(tenant=demo, parted_at=None).count() == 1
    twice = ManagedIdentity.objects.get(tenant=demo, name="media-resizer")
    assert {source.partition("/")[0] for source in twice.reported_by} == {"aws", "secret-scan"}
    again = runs.filter(kind="aws-iam").order_by("-created_at")[0]
    assert "kind" in again.rows.get(action="conflict").changes["kept"]


def test_a_value_says_when_it_was_set_and_that_a_person_did(demo: Tenant, at: datetime) -> None:
    row = ManagedIdentity.objects.get(tenant=demo, name="backup-uploader")
    assert (row.kind, row.provenance["kind"]["origin"]) == ("cloud_key", "edited")
    assert datetime.fromisoformat(row.provenance["kind"]["at"]) == at - 24 * DAY
    assert row.provenance["tags"]["origin"] == "imported"


def test_findings_stand_since_some_day_and_not_before_their_identity(demo: Tenant, at: datetime) -> None:
    rows = list(Finding.objects.filter(tenant=demo).select_related("identity"))
    assert all(row.first_seen_at >= row.identity.created_at for row in rows if row.state != FindingState.RESOLVED)
    assert len({row.opened_at.date() for row in rows}) >= 12
    assert all(row.opened_at < row.resolved_at <= at for row in rows if row.resolved_at)
