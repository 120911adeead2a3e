"""Imports: what is refused, what one would do, and what it does once and not twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.discovery import services as discovery
from identities.discovery.importers.base import kinds
from identities.discovery.models import ImportRow, ImportRun, ImportState, SourceRecord
from identities.discovery.records import Dropped
from identities.errors import Conflict, Invalid
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people.actors import actor_of
from identities.people.models import Tenant
from tests.factories import imports, people, register
from tests.factories.imports import NOWHERE, SYSTEM, applied, read, record, unreadable

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds():
    with imports.fake_kinds():
        yield


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def names(tenant: Tenant) -> list[str]:
    return list(ManagedIdentity.objects.filter(tenant=tenant).order_by("name").values_list("name", flat=True))


def identity(name: str) -> ManagedIdentity:
    return ManagedIdentity.objects.get(name=name)


def test_an_unknown_kind_is_refused_with_the_kinds_that_there_are(tenant):
    with pytest.raises(Invalid, match="paper"):
        discovery.read(tenant_id=tenant.pk, kind="rock", files=NOWHERE, actor=SYSTEM)
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(("files", "source"), [([], ""), (NOWHERE * 51, ""), (NOWHERE, "a\nb"), (NOWHERE, "x" * 161)])
def test_no_files_too_many_and_a_source_that_is_no_name_are_refused(tenant, files, source):
    with pytest.raises(Invalid):
        discovery.read(tenant_id=tenant.pk, kind="paper", files=files, source=source, actor=SYSTEM)


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "\ud800", "a\u202eb"])
def test_a_column_is_named_as_a_file_can_show_it(tenant, name):
    with pytest.raises(Invalid, match="columns"):
        discovery.read(tenant_id=tenant.pk, kind="paper", files=NOWHERE, actor=SYSTEM, mapping={name: "name"})
    assert not ImportRun.objects.exists()


def test_the_name_of_a_file_is_kept_without_what_no_database_and_no_page_takes(tenant):
    imports.Mouth.says = [record()]
    files = [("../a\0\ud800\u202e.csv", NOWHERE[0][1]), ("\0", NOWHERE[0][1])]
    assert discovery.read(tenant_id=tenant.pk, kind="paper", files=files, actor=SYSTEM).files == ["a .csv", "file"]


def test_a_file_that_breaks_off_leaves_nothing_but_one_line(tenant):
    run = read(tenant, *[record() for _ in range(1500)], unreadable("row 1501: the file breaks off"))
    assert run.state == ImportState.FAILED
    assert run.error == "row 1501: the file breaks off"
    assert not ImportRow.objects.exists()
    assert not ManagedIdentity.objects.filter(tenant=tenant).exists()
    assert AuditEvent.objects.get(type="import.failed").reason == run.error


def test_an_unforeseen_error_never_quotes_what_it_fell_over(tenant):
    run = read(tenant, record(), ValueError("s3cret-value-in-the-file"))
    assert run.state == ImportState.FAILED
    assert "s3cret" not in run.error
    assert "paper only" in run.error


def test_a_file_without_a_record_is_refused(tenant):
    assert read(tenant).error == "There is no record in it."


def test_a_failed_run_cannot_be_applied(tenant):
    run = read(tenant, unreadable())
    with pytest.raises(Conflict, match="failed"):
        discovery.begin(run, actor=SYSTEM)


def test_a_discarded_run_changes_nothing_and_cannot_be_applied(tenant):
    run = discovery.discard(read(tenant, record()), actor=SYSTEM)
    assert run.state == ImportState.DISCARDED
    assert not run.rows.exists()
    with pytest.raises(Conflict):
        discovery.begin(run, actor=SYSTEM)
    assert names(tenant) == []


def test_an_applied_run_cannot_be_discarded_or_applied_again(tenant):
    run = applied(tenant, record())
    with pytest.raises(Conflict):
        discovery.discard(run, actor=SYSTEM)
    with pytest.raises(Conflict):
        discovery.begin(run, actor=SYSTEM)


def test_reading_alone_changes_nothing(tenant):
    run = read(tenant, record("a"), record("b"), Dropped("row 3", "total", "It is a sum."))
    assert run.counts == {"new": 2, "changed": 0, "unchanged": 0, "conflict": 0, "dropped": 1, "vanished": 0}
    assert run.rows_read == 3
    assert names(tenant) == []


def test_a_record_becomes_an_identity_that_knows_where_it_comes_from(tenant):
    owner = register.person(tenant, email="ann@example.com")
    applied(
        tenant,
        record("k1", name="builder", technical_owner="Ann@Example.com", purpose="Builds.", account="42"),
        actor=Actor.system("command"),
    )
    made = identity("builder")
    assert (made.issuance, made.state, made.purpose) == ("external", "active", "Builds.")
    assert made.technical_owner == owner
    assert made.reported_by == ["paper/42"]
    assert made.provenance["purpose"]["source"] == "paper/42"
    found = SourceRecord.objects.get(identity=made)
    assert (found.source, found.record_type, found.key, found.gone_at) == ("paper/42", "bot", "k1", None)


@pytest.mark.parametrize(
    ("account", "named", "source"),
    [("42", "mine", "paper/42"), ("", "mine", "paper/mine"), ("", "", "paper/default")],
)
def test_the_file_names_its_source_else_the_person_else_nobody(tenant, account, named, source):
    applied(tenant, record("k", account=account), source=named)
    assert SourceRecord.objects.get().source == source


def test_the_same_file_twice_changes_nothing(tenant):
    file = [record(f"k{n}", name=f"bot {n}", purpose="Runs.", tags={"team": "a"}) for n in range(3)]
    applied(tenant, *file)
    before = list(ManagedIdentity.objects.order_by("pk").values_list("pk", "updated_at", "provenance"))
    events = AuditEvent.objects.filter(subject_kind="identity").count()
    run = applied(tenant, *file)
    assert run.counts["unchanged"] == 3
    assert run.counts["new"] == run.counts["changed"] == run.counts["conflict"] == run.counts["vanished"] == 0
    assert list(ManagedIdentity.objects.order_by("pk").values_list("pk", "updated_at", "provenance")) == before
    assert AuditEvent.objects.filter(subject_kind="identity").count() == events


def test_two_records_of_one_name_stay_two_and_stay_as_they_are(tenant):
    file = [record("a", name="deploy"), record("b", name="deploy")]
    applied(tenant, *file)
    assert names(tenant) == ["deploy", "deploy (2)"]
    assert applied(tenant, *file).counts["unchanged"] == 2
    assert names(tenant) == ["deploy", "deploy (2)"]


def test_a_changed_record_is_shown_member_by_member_and_written(tenant):
    applied(tenant, record("k", name="bot", purpose="Old."))
    run = read(tenant, record("k", name="bot", purpose="New."))
    row = run.rows.get()
    assert row.action == "changed"
    assert row.changes["changes"] == {"purpose": {"previous": "Old.", "current": "New."}}
    discovery.apply(discovery.begin(run, actor=SYSTEM))
    assert identity("bot").purpose == "New."


def test_a_new_name_at_the_source_renames_the_identity(tenant):
    applied(tenant, record("k", name="old name"))
    applied(tenant, record("k", name="new name"))
    assert names(tenant) == ["new name"]


def test_a_name_that_is_no_label_follows_its_source_until_a_person_gives_another(tenant):
    def said(name):
        return replace(record("k", name=name), label="k@project")

    applied(tenant, said("before"))
    assert applied(tenant, said("after")).counts["changed"] == 1
    inventory.change(identity("after"), facts={"name": "ours"}, actor=register.SYSTEM)
    run = applied(tenant, said("later"))
    assert run.counts["conflict"] == 1
    assert names(tenant) == ["ours"]


def test_an_owner_is_matched_once_there_is_such_a_person_and_a_team_that_nobody_made_changes_nothing(tenant):
    file = record("k", name="bot", technical_owner="ann@example.com", owner_team="Pay")
    applied(tenant, file)
    assert read(tenant, file).counts["unchanged"] == 1
    ann = people.person(of=tenant, email="ann@example.com")
    assert applied(tenant, file).counts["changed"] == 1
    assert identity("bot").technical_owner == ann
    assert applied(tenant, file).counts["unchanged"] == 1


def test_what_a_person_set_stays_and_is_shown_beside_what_the_source_says(tenant):
    applied(tenant, record("k", name="bot", purpose="Old."))
    inventory.change(identity("bot"), facts={"purpose": "Mine."}, actor=SYSTEM)
    run = applied(tenant, record("k", name="bot", purpose="Theirs.", description="More."))
    row = run.rows.get()
    assert row.action == "conflict"
    assert row.changes["kept"] == {"purpose": {"mine": "Mine.", "theirs": "Theirs."}}
    assert (identity("bot").purpose, identity("bot").description) == ("Mine.", "More.")


def test_theirs_can_be_taken_instead(tenant):
    applied(tenant, record("k", name="bot", purpose="Old."))
    inventory.change(identity("bot"), facts={"purpose": "Mine."}, actor=SYSTEM)
    row = read(tenant, record("k", name="bot", purpose="Theirs.")).rows.get()
    with pytest.raises(Conflict):
        discovery.take_theirs(row, member="description", actor=SYSTEM)
    discovery.take_theirs(row, member="purpose", actor=SYSTEM)
    assert identity("bot").purpose == "Theirs."
    assert row.changes["kept"] == {}


def test_a_key_that_stands_twice_in_a_file_counts_once(tenant):
    run = applied(tenant, record("k", name="first"), record("k", name="second"))
    assert names(tenant) == ["first"]
    assert run.counts["dropped"] == 1


def test_a_vanished_record_is_noted_and_never_deleted_and_comes_back(tenant):
    one, two = record("a", name="a"), record("b", name="b")
    applied(tenant, one, two)
    assert read(tenant, one).counts["vanished"] == 1
    run = applied(tenant, one)
    gone = identity("b")
    assert run.counts["gone"] == 1
    assert gone.unreported_since is not None
    assert gone.state == "active"
    assert SourceRecord.objects.get(key="b").gone_at is not None
    assert AuditEvent.objects.filter(type="identity.unreported", subject_id=str(gone.pk)).count() == 1
    again = applied(tenant, one, two)
    assert again.counts["changed"] == 1
    assert identity("b").unreported_since is None
    assert SourceRecord.objects.get(key="b").gone_at is None


def test_what_a_file_cannot_tell_of_does_not_vanish_with_it(tenant):
    applied(tenant, record("a", account="1"))
    applied(tenant, record("r", account="1", record_type="role"))
    applied(tenant, record("b", account="2"))
    applied(tenant, record("a", account="1"), kind="stone")
    assert not SourceRecord.objects.exclude(gone_at=None).exists()


def test_an_export_that_lists_less_takes_nothing_back_that_another_export_of_its_source_told(tenant, monkeypatch):
    monkeypatch.setattr(kinds["stone"], "platform", "paper")
    full, short = [record("a"), record("b")], [record("a"), record("c")]
    applied(tenant, *full)
    assert applied(tenant, *short, kind="stone").counts["vanished"] == 0
    assert applied(tenant, *full).counts["unchanged"] == 2
    assert applied(tenant, record("a"), kind="stone").counts["gone"] == 1
    assert [gone.key for gone in SourceRecord.objects.exclude(gone_at=None)] == ["c"]


def test_two_sources_that_share_a_name_are_one_identity(tenant):
    applied(tenant, record("a", name="from paper", aliases=("arn:x",), purpose="Paper says."))
    run = applied(
        tenant, record("z", name="from stone", aliases=("arn:x", "other"), purpose="Stone says."), kind="stone"
    )
    assert run.counts["changed"] == 1
    assert names(tenant) == ["from paper"]
    made = identity("from paper")
    assert made.reported_by == ["paper/default", "stone/default"]
    assert made.purpose == "Paper says."
    assert made.source_records.count() == 2
    again = applied(
        tenant, record("z", name="from stone", aliases=("arn:x", "other"), purpose="Stone says."), kind="stone"
    )
    assert again.counts["unchanged"] == 1


def test_an_identity_is_reported_as_long_as_one_source_does(tenant):
    applied(tenant, record("a", name="bot", aliases=("x",)), record("b"))
    applied(tenant, record("z", aliases=("x",)), kind="stone")
    applied(tenant, record("b"))
    assert identity("bot").unreported_since is None
    assert SourceRecord.objects.get(key="a").gone_at is not None


@pytest.mark.parametrize("apart", [0, 1200])
def test_two_records_of_one_file_that_share_a_name_are_one_identity(tenant, apart):
    file = [
        record("a", name="first", aliases=("x",)),
        *[record() for _ in range(apart)],
        record("b", name="second", aliases=("x", "y"), record_type="key"),
        record("c", name="third", aliases=("y",), record_type="login"),
    ]
    run = applied(tenant, *file)
    assert run.counts["new"] == apart + 1
    assert identity("first").source_records.count() == 3
    assert applied(tenant, *file).counts["unchanged"] == apart + 3


def test_another_tenants_records_are_no_match(tenant):
    other = register.tenant()
    applied(other, record("k", name="bot", aliases=("x",)))
    run = applied(tenant, record("k", name="bot", aliases=("x",)))
    assert run.counts["new"] == 1
    assert names(tenant) == names(other) == ["bot"]


def test_a_retired_identity_stays_retired_though_its_source_reports_it(tenant):
    applied(tenant, record("k", name="bot", purpose="Old."))
    lifecycle.retire(identity("bot"), reason="It is over.", actor=SYSTEM)
    run = applied(tenant, record("k", name="bot", purpose="New."))
    assert run.counts["unchanged"] == 1
    assert "retired here and still reported" in run.warnings[0]
    assert (identity("bot").state, identity("bot").purpose) == ("retired", "Old.")


def test_a_later_use_is_written_and_an_earlier_one_is_not(tenant):
    first, later = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    applied(tenant, record("k", name="bot", last_used_at=first))
    applied(tenant, record("k", name="bot", last_used_at=later))
    assert identity("bot").last_used_at == later
    applied(tenant, record("k", name="bot", last_used_at=first))
    assert identity("bot").last_used_at == later


def test_a_stopped_run_goes_on_where_it_stopped(tenant):
    run = discovery.begin(read(tenant, *[record(f"k{n}", name=f"bot {n}") for n in range(1100)]), actor=SYSTEM)
    assert discovery.apply_next(run.pk)
    assert ManagedIdentity.objects.filter(tenant=tenant).count() == discovery.BITE
    assert discovery.apply_next(run.pk)
    assert not discovery.apply_next(run.pk)
    assert not discovery.apply_next(run.pk)
    run.refresh_from_db()
    assert (run.state, run.rows_applied) == (ImportState.APPLIED, 1100)
    assert ManagedIdentity.objects.filter(tenant=tenant).count() == 1100
    assert AuditEvent.objects.filter(type="import.applied").count() == 1


def test_a_thousand_rows_and_what_vanished_go_together(tenant):
    applied(tenant, record("gone", name="gone"))
    run = discovery.begin(read(tenant, *[record(f"k{n}", name=f"bot {n}") for n in range(1000)]), actor=SYSTEM)
    assert not discovery.apply_next(run.pk)
    assert ManagedIdentity.objects.filter(tenant=tenant).count() == 1001
    assert identity("gone").unreported_since is not None


def test_it_is_applied_in_the_name_of_who_let_it(tenant):
    person = register.person(tenant)
    actor = Actor.system("someone else")
    run = read(tenant, record("k", name="bot"), actor=actor)
    discovery.apply(discovery.begin(run, actor=actor_of(person)))
    event = AuditEvent.objects.get(type="identity.created", subject_id=str(identity("bot").pk))
    assert event.actor_label == person.email


def test_a_run_that_is_silent_waits_for_somebody_to_go_on(tenant):
    run = discovery.begin(read(tenant, record()), actor=SYSTEM)
    assert discovery.tidy(timezone.now()) == []
    assert discovery.tidy(timezone.now() + timedelta(minutes=2)) == [UUID(str(run.pk))]


def test_a_run_that_nobody_reads_any_more_has_failed(tenant):
    run = read(tenant, record())
    ImportRun.objects.filter(pk=run.pk).update(state=ImportState.READING)
    discovery.tidy(timezone.now() + timedelta(hours=1))
    run.refresh_from_db()
    assert run.state == ImportState.FAILED
    assert not run.rows.exists()
