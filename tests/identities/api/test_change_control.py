"""The body member `change`: recorded, refused where it is not understood, asked where an approval is put back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.access.models import RoleBinding
from identities.approvals.models import ApprovalRequest
from tests.factories import register
from tests.identities.access.test_identity_approval import Estate

pytestmark = pytest.mark.django_db
SAID = {"ticket": "https://tickets.example.com/7", "note": "Moves", "rollbackPlan": "Move it back"}
KEPT = {"ticket": "https://tickets.example.com/7", "note": "Moves", "rollback_plan": "Move it back"}


@pytest.fixture
def estate():
    return Estate()


@pytest.fixture
def client(estate):
    return register.client_of(estate.asker)


def test_a_member_nobody_knows_is_refused(estate, client):
    address = f"/api/identities/{estate.bot.pk}"
    answer = client.patch(address, {"description": "x", "change": {"approvedBy": "me"}}, format="json")
    assert answer.status_code == 400


def test_a_change_of_high_tier_without_note_and_plan_is_refused_whole(estate, client):
    answer = client.patch(f"/api/identities/{estate.bot.pk}", {"environment": "staging"}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"change.note", "change.rollbackPlan"}
    estate.bot.refresh_from_db()
    assert estate.bot.environment == "production"
    assert estate.state == "approved"


def test_with_them_it_waits_and_the_approval_carries_them(estate, client):
    answer = client.patch(f"/api/identities/{estate.bot.pk}", {"environment": "staging", "change": SAID}, format="json")
    assert answer.status_code == 200
    assert answer.json()["approval"] == "pending"
    asked = ApprovalRequest.objects.get(subject_kind="identity", state="pending")
    assert (asked.ticket, asked.rollback_plan) == (SAID["ticket"], SAID["rollbackPlan"])
    event = AuditEvent.objects.get(type="identity.changed")
    assert event.details["change"] == KEPT


def test_what_is_no_part_of_the_approval_asks_nothing(estate, client):
    answer = client.patch(f"/api/identities/{estate.bot.pk}", {"description": "new"}, format="json")
    assert answer.status_code == 200
    assert answer.json()["approval"] == "approved"


def test_a_role_is_given_and_ended_with_it(estate, client):
    role = register.role(estate.tenant, "identity.read")
    body = {
        "identityId": str(estate.bot.pk),
        "role": role.name,
        "validUntil": (timezone.now() + timedelta(days=2)).isoformat(),
        "reason": "more",
        "change": SAID,
    }
    made = client.post("/api/roleBindings", body, format="json")
    assert made.status_code == 201
    assert made.json()["isEffective"] is False
    assert AuditEvent.objects.filter(type="role_binding.granted").latest("id").details["change"] == KEPT
    ended = client.post(f"/api/roleBindings/{made.json()['id']}/end", {"reason": "over", "change": SAID}, format="json")
    assert ended.status_code == 200
    assert RoleBinding.objects.get(pk=made.json()["id"]).ended_at is not None


def test_a_policy_takes_it_too(estate, client):
    text = '@id("r")\n@reason("No")\nforbid (principal, action, resource) when { context.weekday > 5 };'
    made = client.post("/api/policies", {"name": "weekend", "text": text, "change": SAID}, format="json")
    assert made.status_code == 201
    assert AuditEvent.objects.get(type="policy.created").details["change"] == KEPT
    address = f"/api/policies/{made.json()['id']}"
    assert client.patch(address, {"name": "weekends", "change": {"ticket": "OPS-7"}}, format="json").status_code == 200
    assert AuditEvent.objects.get(type="policy.changed").details["change"] == {"ticket": "OPS-7"}
    assert client.delete(address).status_code == 204
