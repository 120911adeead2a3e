"""Who is at a delivery: one process at a time, and nobody waits for one that has died."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from identities.credentials.models import ClientSecret, DeliveryStep, Rotation
from identities.vaults.references import SecretReference

#: How long one step may be silent before another process takes the rotation over.
LEASE = timedelta(seconds=120)


class HoldLost(Exception):
    """Another process has taken the rotation over: nothing is written any more."""


@dataclass
class Hold:
    """The right to write to a rotation's delivery; `until` is on the row, and tells one holder from the next."""

    rotation_id: UUID
    until: datetime


def begin(rotation: Rotation, place: SecretReference, *, at: datetime) -> Hold:
    """In the transaction that made the rotation: its new secret is to be put there, and the caller is at it."""
    hold = Hold(rotation.pk, at + LEASE)
    Rotation.objects.filter(pk=rotation.pk).update(
        store_at=place.as_json(),
        delivery_step=DeliveryStep.WRITE,
        deliver_at=at,
        delivery_held_until=hold.until,
    )
    return hold


def due(at: datetime, *, limit: int) -> list[UUID]:
    """Deliveries whose next try has come and that nobody is at. One indexed query."""
    rows = Rotation.objects.filter(_is_free(at), deliver_at__lte=at).order_by("deliver_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def take(rotation_id: UUID, *, at: datetime) -> Hold | None:
    """Take a delivery that nobody is at; None where somebody is, or nothing is left to do."""
    until = at + LEASE
    rows = Rotation.objects.filter(_is_free(at), pk=rotation_id, deliver_at__isnull=False)
    return Hold(rotation_id, until) if rows.update(delivery_held_until=until) else None


def held(hold: Hold) -> Rotation:
    """The row as it is now; HoldLost where somebody else has it. Done is done, whoever did it."""
    rows = Rotation.objects.select_related("new__identity")
    found = rows.filter(pk=hold.rotation_id).filter(
        Q(delivery_held_until=hold.until) | Q(delivery_step=DeliveryStep.DONE)
    )
    rotation = found.first()
    if rotation is None:
        raise HoldLost
    return rotation


def secret_of(rotation: Rotation) -> ClientSecret:
    """The new secret, which is what is delivered."""
    assert rotation.new is not None  # noqa: S101 - a delivery is of a secret
    return rotation.new


def save(hold: Hold, **facts: Any) -> None:
    """Write, and hold it for another while; HoldLost where somebody else has it."""
    until = max(timezone.now() + LEASE, hold.until + timedelta(microseconds=1))
    rows = Rotation.objects.filter(pk=hold.rotation_id, delivery_held_until=hold.until)
    if not rows.update(delivery_held_until=until, **facts):
        raise HoldLost
    hold.until = until


def _is_free(at: datetime) -> Q:
    return Q(delivery_held_until=None) | Q(delivery_held_until__lte=at)
