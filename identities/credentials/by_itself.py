"""Which identities rotate by themselves: their live secret rests in a vault, so nobody has to carry the new one."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential, Rotation
from identities.credentials.selectors import alive
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State


def due(tenant_id: UUID, *, before: datetime, at: datetime) -> QuerySet[ManagedIdentity]:
    """Active identities of the tenant whose secret in a vault is due before that; the most urgent first.

    Due is the date on the secret, or what the policy of today makes of it, whichever is sooner. Left out is what is
    being rotated already.
    """
    live = ClientSecret.objects.filter(alive(at), identity=OuterRef("pk"))
    placed = live.filter(stored_at__isnull=False)
    elsewhere = ExternalCredential.objects.filter(identity=OuterRef("pk"), gone_at=None)
    # The date on the identity is that of its first credential: it speaks of the secret where there is no other.
    keys = ClientKey.objects.filter(alive(at), identity=OuterRef("pk"))
    by_policy = Q(rotate_by__lt=before) & ~Exists(elsewhere) & ~Exists(keys)
    rows = ManagedIdentity.objects.filter(
        Exists(placed.filter(rotate_by__lt=before)) | (Exists(placed) & by_policy),
        tenant_id=tenant_id,
        state=State.ACTIVE,
    )
    running = Rotation.objects.filter(identity=OuterRef("pk"), ended_at=None)
    return rows.exclude(Exists(running)).order_by(F("rotate_by").asc(nulls_last=True), "pk")
