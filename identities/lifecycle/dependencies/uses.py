"""What it was seen to do: the resources it asked for and was given."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Max
from django.utils import timezone

from identities.inventory.dependencies.base import Dependency, DependencySource
from identities.inventory.models import ManagedIdentity
from identities.policies.models import AuthorizationDecision, DecisionOutcome

WINDOW = timedelta(days=30)
RECENT, MOST = 2000, 50


class Uses(DependencySource):
    """Kind `resource`: what the guard allowed it within thirty days, by resource and permission.

    Not promised: all of it; only its last 2,000 decisions are looked at.
    """

    kind = "resource"

    def of(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        since = timezone.now() - WINDOW
        own = AuthorizationDecision.objects.filter(actor_id=str(identity.pk), tenant_id=identity.tenant_id)
        recent = own.order_by("-id").values("id")[:RECENT]
        allowed = own.filter(id__in=recent, outcome=DecisionOutcome.ALLOW, at__gte=since).exclude(resource_id="")
        grouped = allowed.order_by().values("resource_kind", "resource_id", "permission")
        for row in grouped.annotate(times=Count("id"), last=Max("at")).order_by("-last")[:MOST]:
            yield Dependency(
                kind=row["resource_kind"] or self.kind,
                id=row["resource_id"],
                label=row["resource_id"],
                detail=f"Loses a caller that uses {row['permission']} on it",
                evidence=f"Allowed {row['times']} time{'s' if row['times'] != 1 else ''} within {WINDOW.days} days",
                last_seen_at=row["last"],
            )
