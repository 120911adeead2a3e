"""Imports in the background: a lost worker costs nothing, and a doubled message does nothing twice."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from identities.discovery import services as discovery
from identities.discovery.models import ImportRun, ImportState
from identities.errors import Conflict
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import drills, pausing
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.people import notices
from identities.tasks import register as tasks
from tests.factories import imports, register
from tests.factories.imports import SYSTEM, read, record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds():
    with imports.fake_kinds():
        yield


@pytest.fixture
def tenant():
    return register.tenant()


def test_an_import_that_is_gone_or_not_begun_is_left_alone(tenant):
    run = read(tenant, record())
    tasks.apply_import(str(uuid4()))
    tasks.apply_import(str(run.pk))
    run.refresh_from_db()
    assert run.state == ImportState.PREVIEWED


def test_what_was_applied_is_not_carried_out_again(tenant):
    run = tasks.carry_out(read(tenant, record()), actor=SYSTEM)
    assert run.state == ImportState.APPLIED
    with pytest.raises(Conflict):
        tasks.carry_out(run, actor=SYSTEM)


def test_a_message_that_comes_twice_does_nothing_twice(tenant):
    run = discovery.begin(read(tenant, record("k", name="once")), actor=SYSTEM)
    tasks.apply_import(str(run.pk))
    tasks.apply_import(str(run.pk))
    assert ManagedIdentity.objects.filter(name__startswith="once").count() == 1


def test_more_than_a_batch_waits_for_a_worker(tenant):
    run = tasks.carry_out(read(tenant, *[record() for _ in range(1001)]), actor=SYSTEM)
    assert (run.state, run.rows_applied) == (ImportState.APPLYING, 0)


def test_the_round_goes_on_with_what_a_lost_worker_left(tenant):
    run = discovery.begin(read(tenant, record("k", name="left")), actor=SYSTEM)
    ImportRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    from config.celery import app

    was = app.conf.task_always_eager
    app.conf.task_always_eager = True
    try:
        tasks.continue_imports()
    finally:
        app.conf.task_always_eager = was
    run.refresh_from_db()
    assert run.state == ImportState.APPLIED


def test_pauses_and_drills_that_are_over_end_by_themselves(tenant):
    paused, drilled, stopped = (register.identity(tenant) for _ in range(3))
    ago = timezone.now() - timedelta(minutes=1)
    pausing.pause(paused, reason="test", actor=SYSTEM)
    ManagedIdentity.objects.filter(pk=paused.pk).update(paused_until=ago)
    drills.rehearse(drilled, actor=SYSTEM)
    quarantine(stopped, reason="incident", actor=SYSTEM)
    Quarantine.objects.filter(identity=drilled).update(release_at=ago)
    tasks.lift()
    states = {one.pk: one.state for one in ManagedIdentity.objects.filter(tenant=tenant)}
    assert states == {paused.pk: "active", drilled.pk: "active", stopped.pk: "quarantined"}


def test_with_nothing_to_lift_two_queries_are_asked(django_assert_num_queries):
    with django_assert_num_queries(2):
        tasks.lift()


def test_mail_leaves_only_where_there_is_a_server_and_names_the_inbox(tenant, settings):
    person = register.person(tenant)
    settings.MAIL_IS_ON = True
    notices.tell([person], tenant_id=tenant.pk, kind="test", key="k", subject="Look")
    settings.MAIL_IS_ON = False
    tasks.send_mail()
    assert mail.outbox == []
    settings.MAIL_IS_ON, settings.PASSPORT_ISSUER = True, "https://steward.example.com"
    tasks.send_mail()
    assert "https://steward.example.com/admin/notices/" in mail.outbox[0].body


def test_with_nothing_to_tell_mail_and_replace_a_few_queries_are_asked(django_assert_num_queries, settings):
    settings.MAIL_IS_ON = True
    with django_assert_num_queries(7):
        tasks.remind()
        tasks.send_mail()
        tasks.rotate_seen()
