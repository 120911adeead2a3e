"""Questions about quarantines: lists, where one stands, who still may hold a token, who knocked."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Func, IntegerField, Max, OuterRef, Q, QuerySet, Subquery

from identities.inventory.models import Knock, ManagedIdentity
from identities.lifecycle.models import Quarantine, QuarantineLine
from identities.tokens.models import IssuedToken


class Phase(StrEnum):
    """Where a quarantine stands. CONTAINED: here, and not yet there."""

    CONTAINED = "contained"
    COMPLETE = "complete"
    RELEASED = "released"


def phase_of(row: Quarantine) -> Phase:
    """Over, done everywhere, or done here alone."""
    if row.closed_at is not None:
        return Phase.RELEASED
    return Phase.COMPLETE if row.complete_at is not None else Phase.CONTAINED


def in_phase(phase: str) -> Q:
    """The condition for a quarantine to stand there."""
    if phase == Phase.RELEASED:
        return Q(closed_at__isnull=False)
    return Q(closed_at=None, complete_at__isnull=phase != Phase.COMPLETE)


def quarantines(tenant_ids: Collection[UUID] | None) -> QuerySet[Quarantine]:
    """Quarantines of these tenants (None: of every one), newest first, each with its identity and counted lines."""
    counted = {
        "lines_all": _lines(),
        "lines_done": _lines(done_at__isnull=False),
        "lines_required": _lines(is_required=True, done_at=None),
    }
    rows = Quarantine.objects.select_related("identity").defer("evidence").annotate(**counted)
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def standing(identity: ManagedIdentity) -> Quarantine | None:
    """The one that is open, if there is one."""
    found = Quarantine.objects.filter(identity=identity, closed_at=None).defer("evidence").first()
    if found is not None:
        found.identity = identity
    return found


def lines_of(row: Quarantine) -> QuerySet[QuarantineLine]:
    """Its runbook in order, with the people."""
    return row.lines.select_related("assignee")


def knocks_since(identity: ManagedIdentity, since: datetime | None = None) -> QuerySet[Knock]:
    """Who came with right credentials while it was stopped, the last ones first; from one stop on where it is given."""
    rows = Knock.objects.filter(identity=identity)
    return rows if since is None else rows.filter(since__gte=since)


def residual_until(row: Quarantine, at: datetime) -> datetime | None:
    """Until when somebody who verifies offline may still take a token of it; None once there is none.

    Asked of the tokens themselves: one may have been signed in the instant of the stop.
    """
    held = IssuedToken.objects.filter(identity_id=row.identity_id, expires_at__gt=at)
    if row.closed_at is not None:
        held = held.filter(issued_at__lte=row.closed_at)
    last: datetime | None = held.aggregate(last=Max("expires_at"))["last"]
    return last


def _lines(**which: bool | None) -> Subquery:
    # For each row that is read: a join would count the lines of every quarantine for one page of them.
    rows = QuarantineLine.objects.filter(quarantine=OuterRef("pk"), **which).order_by()
    counted = rows.annotate(n=Func(template="COUNT(*)", output_field=IntegerField())).values("n")
    return Subquery(counted, output_field=IntegerField())
