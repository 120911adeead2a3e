"""Credentials of others: entered by name, refreshed, marked as gone; the row of their identity follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from identities.credentials import external
from identities.credentials.models import ExternalCredential
from identities.discovery.records import ReportedCredential
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db
AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)
SOURCE = "aws/644160558196"
KEY = ReportedCredential(kind="access_key", external_id="AKIDEXAMPLE", name="key 1", created_at=AT - timedelta(days=10))


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def report(identity: ManagedIdentity, *many: ReportedCredential, at: datetime = AT, source: str = SOURCE) -> None:
    external.report_many([(identity, source, one) for one in many], actor=register.SYSTEM, at=at)


def the_one() -> ExternalCredential:
    return ExternalCredential.objects.get()


def events(kind: str) -> int:
    return AuditEvent.objects.filter(type=f"credential.{kind}").count()


def test_a_kind_that_is_none_is_refused_and_nothing_is_kept(tenant: Tenant) -> None:
    with pytest.raises(ValueError, match="smile"):
        report(register.identity(tenant), KEY, ReportedCredential(kind="smile", external_id="x"))
    assert not ExternalCredential.objects.exists()


def test_the_same_report_twice_changes_nothing_but_the_day_it_was_seen(tenant: Tenant) -> None:
    identity = register.identity(tenant)
    report(identity, KEY)
    report(identity, KEY, at=LATER)
    assert (the_one().first_seen_at, the_one().last_seen_at) == (AT, LATER)
    assert events("reported") == 1


def test_a_new_one_is_recorded_and_dates_its_identity(tenant: Tenant) -> None:
    identity = register.identity(tenant, risk_tier="high")
    report(identity, KEY)
    event = AuditEvent.objects.get(type="credential.reported")
    assert (event.subject_id, event.tenant_id) == (str(the_one().pk), tenant.pk)
    assert event.details["identity_id"] == str(identity.pk)
    identity.refresh_from_db()
    assert (identity.last_rotated_at, identity.rotate_by) == (AT - timedelta(days=10), AT + timedelta(days=20))


def test_a_rotation_is_a_change_and_a_use_is_none(tenant: Tenant) -> None:
    identity = register.identity(tenant)
    report(identity, KEY)
    used = replace(KEY, last_used_at=AT)
    report(identity, used, at=LATER)
    assert (the_one().last_used_at, events("reported")) == (AT, 1)
    report(identity, replace(KEY, last_rotated_at=AT), at=LATER)
    assert events("reported") == 2
    assert the_one().last_used_at == AT
    identity.refresh_from_db()
    assert identity.last_rotated_at == AT


def test_several_sources_and_keys_stand_beside_each_other(tenant: Tenant) -> None:
    identity = register.identity(tenant)
    report(identity, KEY, ReportedCredential(kind="access_key", external_id="AKIDOTHER"))
    report(identity, KEY, source="terraform/prod")
    report(register.identity(tenant), KEY)
    assert ExternalCredential.objects.count() == 4


def test_text_is_cut_and_made_one_line(tenant: Tenant) -> None:
    report(register.identity(tenant), ReportedCredential(kind="api_token", external_id="x", name="a\nb" + "c" * 300))
    assert the_one().name.startswith("a b")
    assert len(the_one().name) == 254


def test_what_a_source_names_no_more_is_marked_within_that_source(tenant: Tenant) -> None:
    identity = register.identity(tenant)
    report(identity, KEY)
    report(identity, KEY, source="terraform/prod")
    report(identity, ReportedCredential(kind="access_key", external_id="AKIDOTHER", created_at=AT), at=LATER)
    marked = external.mark_gone([identity], source=SOURCE, actor=register.SYSTEM, at=LATER)
    assert marked == 1
    gone = ExternalCredential.objects.get(gone_at=LATER)
    assert (gone.external_id, gone.source) == (KEY.external_id, SOURCE)
    assert events("gone") == 1
    assert external.mark_gone([identity], source=SOURCE, actor=register.SYSTEM, at=LATER) == 0


def test_only_the_kinds_asked_for_are_marked(tenant: Tenant) -> None:
    identity = register.identity(tenant)
    report(identity, KEY)
    wanted = {"source": SOURCE, "actor": register.SYSTEM, "at": LATER}
    assert external.mark_gone([identity], kinds=["password"], **wanted) == 0  # type: ignore[arg-type]
    assert external.mark_gone([identity], kinds=["access_key"], **wanted) == 1  # type: ignore[arg-type]


def test_one_that_comes_back_is_there_again(tenant: Tenant) -> None:
    identity = register.identity(tenant)
    report(identity, KEY)
    external.mark_gone([identity], source=SOURCE, actor=register.SYSTEM, at=LATER)
    identity.refresh_from_db()
    assert identity.rotate_by is None
    report(identity, KEY, at=LATER + timedelta(days=1))
    assert the_one().gone_at is None
    assert events("reported") == 2
    identity.refresh_from_db()
    assert identity.rotate_by is not None


def test_many_cost_as_many_queries_as_few(tenant: Tenant) -> None:
    counted = []
    for size in (5, 50):
        pairs = [(register.identity(tenant), SOURCE, KEY) for _ in range(size)]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            external.report_many(pairs, actor=register.SYSTEM, at=AT)
        counted.append(len(asked))
    assert counted[0] == counted[1]
