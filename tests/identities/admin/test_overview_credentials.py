"""The overview names the stops and the rotations that need a person, and is silent where none does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.credentials.models import Rotation
from identities.lifecycle import rotations, secrets
from identities.lifecycle.quarantines import quarantine
from tests.factories import pages

pytestmark = pytest.mark.django_db(transaction=True)
TITLE = "Credentials that need a person"


@pytest.fixture
def ours() -> pages.Estate:
    return pages.estate("harbour")


def _overview(ours: pages.Estate) -> str:
    return pages.signed_in(ours.person).get("/admin/").content.decode()


def test_where_nothing_waits_nothing_is_framed(ours: pages.Estate) -> None:
    assert TITLE not in _overview(ours)


def test_an_open_quarantine_is_named_with_its_reason(ours: pages.Estate) -> None:
    quarantine(ours.identity, reason="Seen where it never was", actor=Actor.system("test", ours.tenant.pk))
    shown = _overview(ours)
    assert TITLE in shown
    assert "Seen where it never was" in shown


def test_a_rotation_past_its_deadline_is_named_and_one_that_goes_on_is_not(ours: pages.Estate) -> None:
    actor = Actor.system("test", ours.tenant.pk)
    if not ours.identity.secrets.filter(revoked_at=None).exists():
        secrets.issue_secret(ours.identity, actor=actor)
    rotations.rotate(ours.identity, reason="Due", actor=actor)
    assert TITLE not in _overview(ours)
    Rotation.objects.update(cutover_deadline=timezone.now() - timedelta(minutes=1))
    shown = _overview(ours)
    assert TITLE in shown
    assert "overdue" in shown
