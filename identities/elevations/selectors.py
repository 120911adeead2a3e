"""Questions about elevations and break-glass grants: lists, and where one stands by its dates, whoever slept."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from identities.elevations.models import BreakGlassGrant, BreakGlassState, Elevation, ElevationState

#: An elevation that ends within this is ending.
SOON = timedelta(hours=1)
#: An armed grant that ends within this is ending.
SOON_ARMED = timedelta(days=14)
#: So long after its use ended a grant is to be reviewed.
REVIEW_WITHIN = timedelta(hours=24)
UNREVIEWED = (BreakGlassState.USED, BreakGlassState.REVIEW)


class Phase(StrEnum):
    """Where an elevation stands now. COMING: given, and begins later; OVER: it ended as planned."""

    ASKED = "asked"
    COMING = "coming"
    LIVE = "live"
    OVER = "over"
    ENDED = "ended"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


def phase_of(row: Elevation, at: datetime) -> Phase:
    """By the binding's own dates."""
    if row.state != ElevationState.GIVEN or row.binding is None:
        return Phase(row.state)
    if row.binding.ended_at is not None and row.binding.ended_at <= at:
        return Phase.ENDED
    if row.binding.valid_until <= at:
        return Phase.OVER
    return Phase.LIVE if row.binding.valid_from <= at else Phase.COMING


def in_phase(phase: str, at: datetime) -> Q:
    """The condition for an elevation to stand there."""
    given, stands = Q(state=ElevationState.GIVEN), Q(binding__ended_at=None)
    if phase == Phase.ENDED:
        return Q(state=ElevationState.ENDED) | (given & ~stands)
    by_dates = {
        Phase.COMING: given & stands & Q(binding__valid_from__gt=at),
        Phase.LIVE: given & stands & Q(binding__valid_from__lte=at, binding__valid_until__gt=at),
        Phase.OVER: given & stands & Q(binding__valid_until__lte=at),
    }
    return by_dates.get(Phase(phase)) or Q(state=phase)


def ends_soon(at: datetime) -> Q:
    """The condition for an elevation that runs and ends within the hour."""
    return in_phase(Phase.LIVE, at) & Q(binding__valid_until__lte=at + SOON)


def elevations(tenant_ids: Collection[UUID] | None) -> QuerySet[Elevation]:
    """Elevations of these tenants (None: of every one), each with what its row shows."""
    rows = Elevation.objects.select_related("identity", "role", "binding")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def break_glass(tenant_ids: Collection[UUID] | None) -> QuerySet[BreakGlassGrant]:
    """Break-glass grants of these tenants (None: of every one), each with what its row shows."""
    rows = BreakGlassGrant.objects.select_related("identity", "role", "binding")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def state_of(row: BreakGlassGrant, at: datetime) -> BreakGlassState:
    """Where a grant stands by its dates: armed past its end it has expired, used past its end it awaits review."""
    if row.state in (BreakGlassState.ARMED, BreakGlassState.ASKED) and row.valid_until <= at:
        return BreakGlassState.EXPIRED
    if row.state == BreakGlassState.USED and row.use_ends_at is not None and row.use_ends_at <= at:
        return BreakGlassState.REVIEW
    return BreakGlassState(row.state)


def in_state(state: str, at: datetime) -> Q:
    """The condition for a grant to stand there by its dates."""
    waits = Q(state__in=[BreakGlassState.ARMED, BreakGlassState.ASKED])
    past = Q(state=BreakGlassState.USED, use_ends_at__lte=at)
    if state == BreakGlassState.EXPIRED:
        return Q(state=BreakGlassState.EXPIRED) | (waits & Q(valid_until__lte=at))
    if state == BreakGlassState.REVIEW:
        return Q(state=BreakGlassState.REVIEW) | past
    if state == BreakGlassState.USED:
        return Q(state=BreakGlassState.USED, use_ends_at__gt=at)
    return Q(state=state) & (Q(valid_until__gt=at) if state in (BreakGlassState.ARMED, BreakGlassState.ASKED) else Q())


def arms_end_soon(at: datetime) -> Q:
    """The condition for a grant that lies ready and ends within two weeks."""
    return in_state(BreakGlassState.ARMED, at) & Q(valid_until__lte=at + SOON_ARMED)


def unreviewed(identity_id: UUID) -> QuerySet[BreakGlassGrant]:
    """Grants of this identity that were used and that nobody has reviewed yet."""
    return BreakGlassGrant.objects.filter(identity_id=identity_id, state__in=UNREVIEWED)


def is_overdue(row: BreakGlassGrant, at: datetime) -> bool:
    """Whether a day has passed since its use ended."""
    return row.use_ends_at is not None and row.use_ends_at + REVIEW_WITHIN <= at


def is_late(row: BreakGlassGrant, at: datetime) -> bool:
    """Whether its review should be there and is not; by the dates, whoever noted it."""
    return row.state in UNREVIEWED and is_overdue(row, at)


def is_own(row: Elevation | BreakGlassGrant, person_id: UUID | None) -> bool:
    """Whether this person asked for it, or is the one whom it names."""
    return person_id is not None and (row.requested_by_id == str(person_id) or row.owner_id == person_id)
