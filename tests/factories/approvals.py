"""Something that is approved, simple enough to see through: what an identity is for, and who owns it."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django.utils import timezone

from audit.actors import Actor
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest
from identities.approvals.subjects.base import Approvable
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from tests.factories import register
from tests.factories.people import SYSTEM, agent

__all__ = ["SYSTEM", "agent", "asked", "content_of", "seen", "veteran"]
KIND = "purpose_of_tests"


class PurposeOfTests(Approvable):
    """The purpose of an identity, which its owners answer for."""

    kind = KIND
    label = "Purpose"
    #: What happened to which approval.
    heard: ClassVar[list[tuple[str, UUID]]] = []

    def content(self, subject_id: UUID) -> dict[str, Any] | None:
        rows = ManagedIdentity.objects.select_for_update(no_key=True, of=("self",))
        found = rows.filter(pk=subject_id).exclude(state="retired").first()
        return content_of(found) if found else None

    def owners(self, approval: ApprovalRequest) -> Collection[UUID]:
        identity = ManagedIdentity.objects.select_related("owner_team").get(pk=approval.subject_id)
        team = identity.owner_team
        found = {pk for pk in (identity.technical_owner_id, identity.deputy_owner_id) if pk}
        return found | (set(team.members.values_list("pk", flat=True)) if team else set())

    def approved(self, approval: ApprovalRequest, *, actor: Actor) -> None:
        self.heard.append(("approved", approval.pk))

    def ended(self, approval: ApprovalRequest, *, reason: str, actor: Actor) -> None:
        self.heard.append((str(approval.state), approval.pk))


def content_of(identity: ManagedIdentity) -> dict[str, Any]:
    return {"purpose": identity.purpose, "owner": str(identity.technical_owner_id or ""), "deputy": ""}


def veteran(of: Tenant, role: PortalRole = PortalRole.ADMIN, **facts: Any) -> User:
    """Somebody who was there before anything was asked."""
    return register.person(of, role, created_at=timezone.now() - timedelta(days=9), **facts)


def asked(identity: ManagedIdentity, by: User | Actor, *, tier: str = "high", **more: Any) -> ApprovalRequest:
    identity.refresh_from_db()
    subject = subject_of(identity)
    facts: dict[str, Any] = {
        "subject": type(subject)(KIND, subject.id, subject.label, subject.tenant_id),
        "content": content_of(identity),
        "risk_tier": tier,
        "summary": f"What {identity.name} is for",
        "actor": by if isinstance(by, Actor) else actor_of(by),
        "identity": identity,
        **more,
    }
    return approvals.ask(**facts)


def seen() -> list[str]:
    """What the kind of these tests heard since it was last asked, oldest first."""
    found = [word for word, _ in PurposeOfTests.heard]
    PurposeOfTests.heard.clear()
    return found


def nobody() -> UUID:
    return uuid4()
