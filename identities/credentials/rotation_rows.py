"""A rotation's rows: the pair it is about, held in the order of locks, and the facts that its moves are judged by."""

from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from identities.credentials.models import (
    AfterDeadline,
    ClientKey,
    ClientSecret,
    Delivery,
    DeliveryStep,
    Rotation,
    RotationState,
)
from identities.credentials.naming import Credential
from identities.credentials.rotation import Facts, Seen
from identities.credentials.selectors import is_live
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.owners import ROLES

Held = TypeVar("Held", bound=Model)


def hold(rotation_id: UUID) -> Rotation | None:
    """The rotation with its identity and its pair, all held until the caller's transaction ends; None if unknown.

    Identity first, then the pair, then the rotation itself: as everybody takes them.
    """
    identity_id = Rotation.objects.filter(pk=rotation_id).values_list("identity_id", flat=True).first()
    if identity_id is None:
        return None
    locks.hold([identity_id])
    known = Rotation.objects.get(pk=rotation_id)
    identity = ManagedIdentity.objects.select_related(*ROLES, "owner_team").get(pk=known.identity_id)
    ids = [known.old_id, known.new_id, known.old_key_id, known.new_key_id]
    wanted = [key for key in ids if key is not None]
    secrets = {row.pk: row for row in _held(ClientSecret.objects.filter(pk__in=wanted))}
    keys = {row.pk: row for row in _held(ClientKey.objects.filter(pk__in=wanted))}
    rotation = Rotation.objects.select_for_update(no_key=True).get(pk=rotation_id)
    rotation.identity = identity
    rotation.old, rotation.new = (secrets.get(key) if key else None for key in ids[:2])
    rotation.old_key, rotation.new_key = (keys.get(key) if key else None for key in ids[2:])
    for credential in pair(rotation):
        credential.identity = identity
    return rotation


def open_of(identity_id: UUID) -> Rotation | None:
    """The one that is open, if there is one."""
    return Rotation.objects.filter(identity_id=identity_id, ended_at=None).first()


def pair(rotation: Rotation) -> tuple[Credential, Credential]:
    """The old one and the new one, secrets or keys."""
    old, new = rotation.old or rotation.old_key, rotation.new or rotation.new_key
    if old is None or new is None:
        raise TypeError("a rotation without its pair")
    return old, new


def facts(rotation: Rotation, at: datetime) -> Facts:
    """What is known at `at`. While the identity is stopped nobody can be seen, and its silence says nothing after."""
    old, new = pair(rotation)
    identity = rotation.identity
    return Facts(
        state=RotationState(rotation.state),
        started_at=rotation.started_at,
        listening_since=max(rotation.started_at, rotation.watched_since, identity.state_changed_at),
        deadline=rotation.cutover_deadline,
        silence=timedelta(seconds=rotation.silent_seconds),
        after_deadline=AfterDeadline(rotation.after_deadline),
        old=_seen(old, at),
        new=_seen(new, at),
        is_overdue=rotation.overdue_at is not None,
        is_held=not identity.is_enabled,
        is_warned=rotation.warned_at is not None,
        is_awaited=rotation.delivery_step != DeliveryStep.DONE,
        delivered_at=rotation.distributed_at if rotation.delivery == Delivery.VAULT else None,
    )


def _held(rows: QuerySet[Held]) -> QuerySet[Held]:
    return rows.order_by("pk").select_for_update(no_key=True)


def _seen(credential: Credential, at: datetime) -> Seen:
    return Seen(
        is_live=is_live(credential, at),
        first_at=credential.first_used_at,
        last_at=credential.last_used_at,
        is_throttled=credential.throttled_at is not None,
    )


def text_of(at: datetime | None) -> str | None:
    """As a record keeps an instant."""
    return at.isoformat() if at else None
