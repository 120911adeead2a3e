"""Snapshots come once a day and team, whatever is repeated; filters are one's own; an export leaves a record."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Missing
from identities.people.actors import actor_of
from identities.programme import selectors, services
from identities.programme.models import DailySnapshot, SavedFilter
from identities.programme.slices import Slice
from tests.factories import estates, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def at():
    return timezone.now().replace(hour=12) + timedelta(days=1)


@pytest.fixture
def ours(at):
    return estates.varied(at)


def save(owner, **facts):
    values: dict[str, Any] = {"page": "identities", "name": "Mine", "query": "?triage=red", "is_shared": False}
    return services.save_filter(tenant_id=owner.tenant_id, owner=owner, actor=actor_of(owner), **(values | facts))


def test_a_day_has_one_snapshot_of_the_tenant_and_one_of_each_team(ours, at):
    assert services.take_snapshots(at) >= 1
    rows = DailySnapshot.objects.filter(tenant=ours.tenant)
    assert {row.team for row in rows} == {None, ours.harbour, ours.night}
    assert all(row.day == at.date() and row.taken_at == at for row in rows)


def test_taking_it_again_changes_nothing_until_it_is_old(ours, at):
    services.take_snapshots(at)
    assert services.take_snapshots(at + timedelta(seconds=30)) == 0
    assert services.take_snapshots(at + timedelta(minutes=2)) >= 1
    assert DailySnapshot.objects.filter(tenant=ours.tenant).count() == 3
    assert DailySnapshot.objects.get(tenant=ours.tenant, team=None).taken_at == at + timedelta(minutes=2)


def test_a_count_that_took_long_is_repeated_seldom(ours, at):
    services.take_snapshot(ours.tenant.pk, at)
    row = DailySnapshot.objects.get(tenant=ours.tenant, team=None)
    row.numbers[services.TOOK] = [45.0]
    row.save()
    assert services.take_snapshots(at + timedelta(minutes=10)) == DailySnapshot.objects.filter(team=None).count() - 1
    assert services.take_snapshots(at + timedelta(minutes=16)) >= 1


def test_an_older_count_never_writes_over_a_newer_one(ours, at):
    services.take_snapshot(ours.tenant.pk, at)
    services.take_snapshot(ours.tenant.pk, at - timedelta(minutes=5))
    assert DailySnapshot.objects.get(tenant=ours.tenant, team=None).taken_at == at


def test_a_team_without_an_identity_has_none_and_not_unknown(ours, at):
    empty = people.team(of=ours.tenant)
    services.take_snapshot(ours.tenant.pk, at)
    days = selectors.trend(Slice(frozenset({ours.tenant.pk}), team_id=empty.pk), days=5, at=at)
    assert days[0].numbers["total"].value == 0


def test_the_days_make_a_trend_of_each_tenant_and_of_all(ours, at):
    theirs = estates.varied(at)
    for back in (2, 1, 0):
        services.take_snapshots(at - timedelta(days=back))
    one = selectors.trend(Slice(frozenset({ours.tenant.pk})), days=30, at=at)
    assert [day.numbers["total"].value for day in one] == [7, 7, 7]
    assert len(selectors.trend(Slice(frozenset({ours.tenant.pk})), days=2, at=at)) == 2
    both = selectors.trend(Slice(frozenset({ours.tenant.pk, theirs.tenant.pk})), days=30, at=at)
    assert both[-1].numbers["total"].value == 14
    assert both[-1].numbers["rotation_age"].value is None, "two medians make none"


def test_what_is_shown_is_live_for_a_small_register_and_says_when_it_was_counted(ours, at, monkeypatch):
    slice_ = Slice(frozenset({ours.tenant.pk}))
    assert selectors.standing(slice_, days=30, at=at).numbers["findings"].value is None
    services.take_snapshot(ours.tenant.pk, at)
    type(ours.identities["unowned"]).objects.filter(pk=ours.identities["unowned"].pk).update(triage="green")
    later = selectors.standing(slice_, days=30, at=at + timedelta(minutes=3))
    assert (later.numbers["red"].value, later.numbers["findings"].value) == (1, 5)
    monkeypatch.setattr(selectors, "LIVE_UP_TO", 3)
    kept = selectors.standing(slice_, days=30, at=at + timedelta(minutes=3))
    assert (kept.numbers["red"].value, kept.counted_at) == (2, at)


def test_a_filter_without_a_name_or_a_query_is_refused(ours):
    for facts in ({"name": " "}, {"query": "?"}, {"name": "x" * 121}, {"query": "y" * 2001}):
        with pytest.raises(Invalid):
            save(ours.owner, **facts)
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("facts", [{"name": "a\0b"}, {"name": "a\nb"}, {"query": "a=\0"}, {"query": "a=b\r\nX: y"}])
def test_a_filter_is_of_what_can_be_printed(ours, facts):
    with pytest.raises(Invalid):
        save(ours.owner, **facts)


def test_a_filter_is_saved_once_under_its_name_and_recorded(ours):
    saved = save(ours.owner)
    assert saved.query == "triage=red"
    with pytest.raises(Conflict):
        save(ours.owner)
    assert AuditEvent.objects.filter(type="saved_filter.created", subject_id=str(saved.pk)).count() == 1


def test_nobody_removes_another_persons_filter(ours):
    saved, other = save(ours.owner, is_shared=True), people.person(of=ours.tenant)
    with pytest.raises(Missing):
        services.remove_filter(saved, actor=actor_of(other))
    services.remove_filter(saved, actor=actor_of(ours.owner))
    assert not SavedFilter.objects.exists()
    assert AuditEvent.objects.filter(type="saved_filter.removed").count() == 1


def test_people_see_their_own_filters_and_those_shared_in_their_tenant(ours):
    other, stranger = people.person(of=ours.tenant), people.person()
    save(ours.owner, name="own")
    save(ours.owner, name="shared", is_shared=True)
    names = lambda user: [  # noqa: E731
        found.name for found in selectors.filters_of(user.pk, frozenset({user.tenant_id}), "identities")
    ]
    assert names(ours.owner) == ["own", "shared"]
    assert names(other) == ["shared"]
    assert names(stranger) == []
    assert selectors.filters_of(ours.owner.pk, None, "teams") == []


def test_an_export_leaves_a_record_of_what_and_how_much(ours):
    services.note_export(
        tenant_id=ours.tenant.pk, page="identities", name="Identities", query="triage=red", rows=3, file_format="csv",
        actor=actor_of(ours.owner),
    )  # fmt: skip
    event = AuditEvent.objects.get(type="export.made")
    assert event.details == {"query": "triage=red", "rows": 3, "format": "csv"}
