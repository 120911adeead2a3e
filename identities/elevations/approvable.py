"""Elevations and break-glass grants as things that others approve."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from audit.actors import Actor
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.approvals.subjects.base import Approvable
from identities.elevations import break_glass, services as elevations, terms
from identities.elevations.models import BreakGlassGrant, BreakGlassState, Elevation, ElevationState
from identities.elevations.rows import hold
from identities.inventory import answering


class AskedElevation(Approvable):
    """A role for a short while."""

    kind = "elevation"
    label = "Elevation"

    def content(self, subject_id: UUID) -> dict[str, Any] | None:
        row = Elevation.objects.filter(pk=subject_id).first()
        return None if row is None else terms.content_of(hold(row))

    def owners(self, approval: ApprovalRequest) -> Collection[UUID]:
        return _answering(approval)

    def approved(self, approval: ApprovalRequest, *, actor: Actor) -> None:
        elevations.give(Elevation.objects.get(pk=approval.subject_id), actor=actor)

    def ended(self, approval: ApprovalRequest, *, reason: str, actor: Actor) -> None:
        rejected = approval.state == ApprovalState.REJECTED
        state = ElevationState.REJECTED if rejected else ElevationState.CANCELLED
        elevations.refuse(Elevation.objects.get(pk=approval.subject_id), state=state, reason=reason, actor=actor)


class AskedBreakGlass(Approvable):
    """Emergency access that lies ready."""

    kind = "break_glass"
    label = "Break-glass"

    def content(self, subject_id: UUID) -> dict[str, Any] | None:
        row = BreakGlassGrant.objects.filter(pk=subject_id).first()
        return None if row is None else terms.content_of(hold(row))

    def owners(self, approval: ApprovalRequest) -> Collection[UUID]:
        return _answering(approval)

    def approved(self, approval: ApprovalRequest, *, actor: Actor) -> None:
        break_glass.make_ready(BreakGlassGrant.objects.get(pk=approval.subject_id), actor=actor)

    def ended(self, approval: ApprovalRequest, *, reason: str, actor: Actor) -> None:
        states = {
            ApprovalState.REJECTED: BreakGlassState.REJECTED,
            ApprovalState.EXPIRED: BreakGlassState.EXPIRED,
        }
        state = states.get(ApprovalState(approval.state), BreakGlassState.CANCELLED)
        row = BreakGlassGrant.objects.get(pk=approval.subject_id)
        break_glass.refuse(row, state=state, reason=reason, actor=actor)


def _answering(approval: ApprovalRequest) -> list[UUID]:
    """Its owners, its deputy and its team; where none of them is left, those who govern."""
    return [] if approval.identity is None else [one.pk for one in answering.answer_for(approval.identity)]
