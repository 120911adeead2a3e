"""Many events at once are what `compose` would have made of each: same columns, same cleaning, a tag that holds."""

from uuid import uuid4

import pytest

from audit import context, links
from audit.actors import Actor, Subject
from audit.batches import Batch
from audit.models import AuditEvent
from audit.services import compose

TENANT = uuid4()
MADE_ANEW = {"id", "uuid", "recorded_at", "tag"}


def columns(event: AuditEvent) -> dict[str, object]:
    return {field.attname: getattr(event, field.attname) for field in AuditEvent._meta.local_concrete_fields}


@pytest.mark.parametrize("label", ["schedule:nightly", "a\u202eb", "eyJhbGciOi.J9eyJzdWIi.c2ln", "x" * 400])
def test_each_is_as_compose_would_have_made_it(db, label):
    actor, run = Actor.system("scheduler", TENANT), uuid4()
    details = {"scheduledFor": "2026-11-23T00:00:00+00:00", "code": "", "clientSecret": "abc"}
    with context.bound(address="192.0.2.7", change=context.Change(ticket="T-1")):
        batch = Batch("run.due", actor=actor, subject_kind="run", reason="Because\nof it")
        made = batch.values(subject_id=run, label=label, details=details, correlation_id="c" * 32, run_id=run)
        with context.bound(correlation_id="c" * 32, run_id=run):
            subject = Subject("run", str(run), label, TENANT)
            alone = compose("run.due", actor=actor, subject=subject, reason="Because\nof it", details=details)
    expected = columns(alone)
    assert {name: made[name] for name in expected if name not in MADE_ANEW} == {
        name: value for name, value in expected.items() if name not in MADE_ANEW
    }


def test_the_tag_is_that_of_a_record_of_ours(db):
    batch = Batch("run.due", actor=Actor.system("scheduler", TENANT), subject_kind="run")
    made = [
        batch.values(subject_id=uuid4(), label="one", details={}, correlation_id="d" * 32, run_id=None)
        for _ in range(3)
    ]
    assert all(links.is_genuine(row) for row in made)
    assert not links.is_genuine(made[0] | {"subject_label": "another"})
    assert len({row["uuid"] for row in made}) == 3
