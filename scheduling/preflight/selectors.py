"""Which schedules are to be tried, and of which it is known that they would fail."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from identities.access.models import RoleBinding
from identities.inventory.models import ManagedIdentity
from scheduling.models import Preflight, Schedule
from scheduling.preflight.trying import SPAN

EACH = timedelta(days=1)


def tried(tenant_ids: Collection[UUID] | None) -> QuerySet[Schedule]:
    """Schedules of these tenants (None: of all), with all that a trial asks of them."""
    rows = Schedule.objects.select_related("tenant", "workflow__resource_policy", "owner", "owner_team")
    rows = rows.filter(deleted_at=None)
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def due_within(tenant_ids: Collection[UUID] | None, at: datetime) -> QuerySet[Schedule]:
    """Those that will run in the seven days after `at`, the next first."""
    return tried(tenant_ids).filter(is_enabled=True, next_run_at__lte=at + SPAN).order_by("next_run_at", "id")


def to_try(at: datetime) -> QuerySet[Schedule]:
    """Those whose turn it is: due and not tried within a day, or since they, their workflow, their identity or its
    roles changed; and those that would have failed but are not due any more. Never tried first, then the longest ago.
    """
    checked = F("preflight__checked_at")
    identity = ManagedIdentity.objects.filter(pk=OuterRef("managed_identity_id"))
    newer = Q(updated_at__gt=OuterRef("preflight__checked_at"))
    changed = newer | Q(state_changed_at__gt=OuterRef("preflight__checked_at"))
    bindings = RoleBinding.objects.filter(identity_id=OuterRef("managed_identity_id"))
    moved = Q(created_at__gt=OuterRef("preflight__checked_at")) | Q(ended_at__gt=OuterRef("preflight__checked_at"))
    old = Q(preflight=None) | Q(preflight__checked_at__lte=at - EACH)
    stale = old | Q(updated_at__gt=checked) | Q(workflow__updated_at__gt=checked)
    stale |= Exists(identity.filter(changed)) | Exists(bindings.filter(moved))
    is_due = Q(is_enabled=True, next_run_at__lte=at + SPAN)
    over = Q(preflight__is_clear=False) & ~is_due
    rows = tried(None).filter((is_due & stale) | over)
    return rows.order_by(F("preflight__checked_at").asc(nulls_first=True), "next_run_at", "id")


def first_failure(path: str = "") -> KeyTextTransform:
    """When the first problem of a preflight, found at `path`, stops a run: as text, which sorts as time does."""
    return KeyTextTransform("at", KeyTransform("0", f"{path}problems"))


def would_fail(tenant_ids: Collection[UUID] | None) -> QuerySet[Preflight]:
    """The verdicts that are not clear, of schedules that are going, the nearest first."""
    rows = Preflight.objects.filter(is_clear=False, schedule__deleted_at=None, schedule__is_enabled=True)
    rows = rows.select_related("schedule__workflow").order_by(first_failure(), "schedule__name", "id")
    return rows if tenant_ids is None else rows.filter(schedule__tenant_id__in=tenant_ids)


#: The same as a condition on schedules, for a list's filter.
WOULD_FAIL = Q(preflight__is_clear=False, is_enabled=True)


def concerning(identity_ids: Collection[UUID]) -> QuerySet[Preflight]:
    """Verdicts that may concern one of these identities: those of its schedules, and of workflows whose steps name
    identities of their own. Which problem is whose stands in the problem.
    """
    # As JSON is written by every database: a node without an identity of its own has null there.
    names_some = Q(schedule__workflow__nodes__icontains='"managedIdentityId": "')
    return would_fail(None).filter(Q(schedule__managed_identity_id__in=identity_ids) | names_some)
