"""Questions about rotations: those of an identity, one with all that a page shows of it, who uses which half."""

from uuid import UUID

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from identities.credentials import usage
from identities.credentials.models import ClientKey, ClientSecret, Rotation, SecretSource
from identities.inventory.models import ManagedIdentity

SHOWN = 20


def of_identity(identity: ManagedIdentity) -> QuerySet[Rotation]:
    """Every rotation that `identity` ever had, newest first."""
    return Rotation.objects.filter(identity=identity)


def whole() -> QuerySet[Rotation]:
    """Rotations with identity and pair at hand."""
    return Rotation.objects.select_related("identity", "old", "new", "old_key", "new_key")


def marks_of(rotation: Rotation) -> Q:
    """The sources, or uses, of both halves of it."""
    kind, ids = _halves(rotation)
    return usage.marks_of(kind, ids)


def sources(rotation: Rotation) -> dict[UUID, list[SecretSource]]:
    """By secret or key, from where it is used, the latest first and at most twenty of each. One query."""
    kind, ids = _halves(rotation)
    of = "key_id" if kind is ClientKey else "secret_id"
    mine = Window(RowNumber(), partition_by=F(of), order_by=[F("last_seen_at").desc(), F("id").asc()])
    rows = SecretSource.objects.filter(usage.marks_of(kind, ids)).annotate(place=mine)
    found: dict[UUID, list[SecretSource]] = {}
    for source in rows.filter(place__lte=SHOWN).order_by("-last_seen_at", "pk"):
        found.setdefault(source.credential_id, []).append(source)
    return found


def still_using_old(rotation: Rotation) -> QuerySet[SecretSource]:
    """From where the old one was used since the rotation began, the latest first."""
    kind, (old, _) = _halves(rotation)
    since = rotation.started_at
    return SecretSource.objects.filter(usage.marks_of(kind, [old]), last_seen_at__gte=since).order_by("-last_seen_at")


def _halves(rotation: Rotation) -> tuple[type[ClientSecret] | type[ClientKey], list[UUID]]:
    if rotation.old_key_id is not None:
        return ClientKey, [pk for pk in (rotation.old_key_id, rotation.new_key_id) if pk]
    return ClientSecret, [pk for pk in (rotation.old_id, rotation.new_id) if pk]
