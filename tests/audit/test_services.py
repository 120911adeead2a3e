"""Recording: in the caller's transaction, in one insert, without secrets."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError
from django.test.utils import CaptureQueriesContext

from audit import context, links, services as audit
from audit.actors import Actor, ActorKind, Subject
from audit.events import Outcome
from audit.models import AppendOnly, AuditEvent
from audit.services import NotInTransaction
from tests.audit.conftest import BOT, PAYROLL

Recorder = Callable[..., AuditEvent]
SECRET = "nhi_prod_" + "aB3" * 14 + "x_9fK2aa"

pytestmark = pytest.mark.django_db


def test_a_record_outside_a_transaction_is_refused() -> None:
    with pytest.raises(NotInTransaction):
        audit.record("run.succeeded", actor=BOT, subject=PAYROLL)
    assert not AuditEvent.objects.exists()


def test_a_record_goes_when_its_change_goes(record: Recorder) -> None:
    with transaction.atomic():
        record()
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


def test_a_record_is_one_insert() -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        audit.record("run.succeeded", actor=BOT, subject=PAYROLL, details={"a": 1})
    assert [query["sql"].split()[0] for query in queries if "audit_auditevent" in query["sql"]] == ["INSERT"]
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 1


def test_many_records_outside_a_transaction_are_refused() -> None:
    events = [audit.compose("run.succeeded", actor=BOT, subject=PAYROLL)]
    for written in (events, []):
        with pytest.raises(NotInTransaction):
            audit.record_many(written)
    assert not AuditEvent.objects.exists()


def test_many_records_are_each_as_one_would_be() -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        audit.record_many(
            [
                audit.compose("run.succeeded", actor=BOT, subject=PAYROLL, details={"n": number, "text": SECRET})
                for number in range(40)
            ]
        )
    assert len([query for query in queries if "INSERT" in query["sql"]]) == 1
    rows = AuditEvent.objects.order_by("id")
    assert [row.details["n"] for row in rows] == list(range(40))
    assert all(SECRET not in row.details["text"] for row in rows)
    assert all(links.tag_of(row.as_record()) == row.tag for row in rows)


def test_a_record_keeps_who_what_and_its_surroundings(record: Recorder) -> None:
    tenant, run = uuid4(), uuid4()
    with context.bound(correlation_id="abcd-1234", address="192.0.2.7", run_id=run):
        event = record(
            "run.refused",
            subject=Subject("workflow", "wf-1", "Payroll", tenant_id=tenant),
            outcome=Outcome.DENIED,
            reason="Missing workflow.execute permission",
            changes={"state": {"previous": "running", "current": "refused"}},
        )
    event.refresh_from_db()
    assert (event.actor_kind, event.actor_label, event.actor_client_id) == ("identity", "payroll-bot", "mi_payroll")
    assert (event.outcome, event.tenant_id, event.run_id) == ("denied", tenant, run)
    assert (event.correlation_id, event.address) == ("abcd-1234", "192.0.2.7")
    assert event.changes == {"state": {"previous": "running", "current": "refused"}}
    assert (event.seq, event.mac) == (None, None)


def test_the_actors_tenant_stands_in_for_a_subject_without_one(record: Recorder) -> None:
    tenant = uuid4()
    event = record(actor=Actor(ActorKind.PERSON, "1", "Ada", tenant_id=tenant))
    assert event.tenant_id == tenant


@pytest.mark.parametrize(
    "given",
    [
        {"reason": f"wrong secret {SECRET} sent"},
        {"details": {"body": [{"text": SECRET}]}},
        {"changes": {"clientSecret": {"previous": None, "current": SECRET}}},
        {"actor": Actor(ActorKind.ANONYMOUS, SECRET, f"label {SECRET}")},
        {"subject": Subject("secret", SECRET, SECRET)},
    ],
)
def test_a_secret_never_reaches_the_table(record: Recorder, given: dict[str, object]) -> None:
    event = record(**given)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit_auditevent WHERE id = %s", [event.pk])
        assert SECRET not in str(cursor.fetchone())


def test_what_was_recorded_reads_back_to_the_same_tag(record: Recorder) -> None:
    awkward = {
        "float": 1e16,
        "nul": "\x00",
        "big": 2**80,
        "half": "\ud800",
        "text": "é\u202e",
        "none": None,
        "deep": [{}],
    }
    event = record(details=awkward, reason="line\r\nforged", subject=Subject("x", "y" * 999, "z" * 999))
    values = AuditEvent.objects.values(*links.COLUMNS).get(pk=event.pk)
    assert links.is_genuine(values)
    assert "\n" not in values["reason"]


def test_the_model_refuses_to_update_and_delete(record: Recorder) -> None:
    record()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.update(reason="nothing happened")
    with pytest.raises(AppendOnly):
        AuditEvent.objects.all().delete()


def test_the_database_refuses_to_update_and_delete(record: Recorder) -> None:
    event = record()
    event.reason = "nothing happened"
    for attempt in (event.save, event.delete):
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            attempt()
    assert AuditEvent.objects.get().reason == ""
