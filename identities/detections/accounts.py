"""Service users whose session fails or is mended: what the account says now, and the findings do not yet."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from identities.detections.models import Finding, FindingState
from identities.detections.rules.nhi4_refresh import RefreshFails
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State


def out_of_step(*, limit: int = 200) -> list[UUID]:
    """Identities to be judged again: their account fails without a finding, or no longer fails and has one. One query.

    A sign-in knows no register; so nobody else tells of the account that works again.
    """
    open_ones = Finding.objects.filter(identity_id=OuterRef("pk"), code=RefreshFails.code)
    open_ones = open_ones.exclude(state=FindingState.RESOLVED)
    rows = ManagedIdentity.objects.filter(account__isnull=False).exclude(state=State.RETIRED)
    fails = Q(account__refresh_invalidated_at__isnull=False)
    found = rows.filter((fails & ~Exists(open_ones)) | (~fails & Exists(open_ones))).order_by("pk")
    return list(found.values_list("pk", flat=True)[:limit])
