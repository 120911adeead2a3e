"""Questions about rotations: those of an identity, one with all that a page shows of it, who uses which half."""

from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from identities.credentials.models import Rotation, SecretSource
from identities.inventory.models import ManagedIdentity

SHOWN = 20


def of_identity(identity: ManagedIdentity) -> QuerySet[Rotation]:
    """Every rotation that `identity` ever had, newest first."""
    return Rotation.objects.filter(identity=identity)


def whole() -> QuerySet[Rotation]:
    """Rotations with identity and pair at hand."""
    return Rotation.objects.select_related("identity", "old", "new", "old_key", "new_key")


def sources(rotation: Rotation) -> dict[UUID, list[SecretSource]]:
    """By secret, from where it is used, the latest first and at most twenty; of keys nothing is kept. One query."""
    mine = Window(RowNumber(), partition_by=F("secret_id"), order_by=[F("last_seen_at").desc(), F("id").asc()])
    rows = SecretSource.objects.filter(secret_id__in=[rotation.old_id, rotation.new_id]).annotate(place=mine)
    found: dict[UUID, list[SecretSource]] = {}
    for source in rows.filter(place__lte=SHOWN).order_by("-last_seen_at", "pk"):
        found.setdefault(source.secret_id, []).append(source)
    return found


def still_using_old(rotation: Rotation) -> QuerySet[SecretSource]:
    """From where the old secret was used since the new one was seen, the latest first."""
    since = rotation.both_seen_at or rotation.started_at
    return SecretSource.objects.filter(secret_id=rotation.old_id, last_seen_at__gte=since).order_by("-last_seen_at")
