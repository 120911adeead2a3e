"""What somebody who left was shown: the ADMINs are told, and one press has all of it replaced that can be."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.credentials import custody
from identities.credentials.models import ClientSecret, Rotation, SecretShowing
from identities.credentials.places import place_of
from identities.credentials.selectors import is_live
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory import locks
from identities.people import notices
from identities.people.actors import subject_of
from identities.people.models import User
from identities.people.selectors import active_admins
from identities.vaults.references import SecretReference

KIND = "secrets_seen"
NO_VAULT = "Its identity has nothing in a vault: a new secret would have to be shown to somebody."


class Standing(StrEnum):
    """How far a secret that somebody saw is from being of no use to them."""

    READY = "ready"
    WAITING = "waiting"
    REPLACING = "replacing"
    HAND = "hand"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Seen:
    """One secret that a person was shown: `problem` says why it needs a hand, `rotation` is what replaces it."""

    showing: SecretShowing
    standing: Standing
    problem: str = ""
    rotation: Rotation | None = None

    @property
    def secret(self) -> ClientSecret:
        return self.showing.secret


def tell_admins(person: User, *, at: datetime) -> int:
    """In the caller's transaction: the ADMINs of each tenant hear how many of its live secrets this person saw."""
    live = custody.live_secrets_seen_by(person, at).order_by()
    counts = live.values_list("identity__tenant_id").annotate(number=Count("pk", distinct=True))
    told = 0
    for tenant_id, number in counts:
        told += notices.tell(
            active_admins(tenant_id),
            tenant_id=tenant_id,
            kind=KIND,
            key=f"secrets_seen:{person.pk}:{at:%Y%m%dT%H%M%S}",
            subject=f"{person.email} left and has seen {number} live {'secret' if number == 1 else 'secrets'}",
            text="An account that is disabled forgets nothing. Have them replaced.",
            about=subject_of(person),
        )
    return told


def seen_by(person: User, *, tenant_ids: Collection[UUID] | None, at: datetime) -> list[Seen]:
    """What of it still works, and what was asked to be replaced since; the oldest first. Four queries."""
    rows = list(_showings(person, tenant_ids).filter(_counts(at)).order_by("shown_at", "pk"))
    identities = {row.secret.identity_id for row in rows}
    open_ones = Rotation.objects.filter(identity_id__in=identities, ended_at=None)
    replacing = {rotation.old_id: rotation for rotation in open_ones}
    places = places_of(identities)
    return [_standing(row, replacing, places, at) for row in rows]


@transaction.atomic
def ask_rotation(
    person: User, *, tenant_ids: Collection[UUID] | None, reason: str, actor: Actor, by: User | None = None
) -> int:
    """Have every live secret replaced that this person saw and that can go into a vault; answers how many wait now.

    One after the other in the background (`leavers_rotation`), whoever stops in between. Those without a vault are
    left: a new one would have to be shown to somebody. Raises Invalid without a reason, Conflict where none can be
    replaced.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why they are rotated."]})
    at = timezone.now()
    able = [one.showing for one in seen_by(person, tenant_ids=tenant_ids, at=at) if can_begin(one)]
    if not able:
        raise Conflict("None of these secrets can be replaced without a hand.", code="nothing_to_rotate")
    locks.hold({row.secret.identity_id for row in able})
    asked = {"rotate_asked_at": at, "rotate_asked_by": by, "rotate_reason": reason.strip()}
    rows = SecretShowing.objects.filter(pk__in=[row.pk for row in able])
    rows.update(**asked, rotate_at=at, rotate_problem="")
    audit.record(
        CredentialEvent.ROTATION_ASKED,
        actor=actor,
        subject=subject_of(person),
        reason=reason.strip(),
        details={"credential_ids": [str(row.secret_id) for row in able]},
    )
    return len(able)


def _showings(person: User, tenant_ids: Collection[UUID] | None) -> QuerySet[SecretShowing]:
    rows = SecretShowing.objects.filter(person=person).select_related("secret__identity")
    return rows if tenant_ids is None else rows.filter(secret__identity__tenant_id__in=tenant_ids)


def _counts(at: datetime) -> Q:
    """Still of use to whoever saw it, or asked to be replaced."""
    live = Q(secret__revoked_at=None) & (Q(secret__expires_at=None) | Q(secret__expires_at__gt=at))
    return live | Q(rotate_asked_at__isnull=False)


def _standing(
    row: SecretShowing, replacing: dict[UUID | None, Rotation], places: dict[UUID, SecretReference], at: datetime
) -> Seen:
    if not is_live(row.secret, at):
        return Seen(row, Standing.ENDED)
    if rotation := replacing.get(row.secret_id):
        return Seen(row, Standing.REPLACING, rotation=rotation)
    if row.rotate_at is not None:
        return Seen(row, Standing.WAITING, row.rotate_problem)
    if row.secret.identity_id not in places:
        return Seen(row, Standing.HAND, NO_VAULT)
    return Seen(row, Standing.HAND, row.rotate_problem) if row.rotate_problem else Seen(row, Standing.READY)


def can_begin(one: Seen) -> bool:
    """Also one that failed before: whoever asks again may have mended what stood in the way."""
    return one.standing is Standing.READY or (one.standing is Standing.HAND and one.problem != NO_VAULT)


def places_of(identity_ids: Collection[UUID]) -> dict[UUID, SecretReference]:
    """Where each of these identities had a secret put last: there its workload looks for the next."""
    rows = ClientSecret.objects.filter(identity_id__in=identity_ids, stored_at__isnull=False).order_by("created_at")
    found = {key: place_of(stored_at) for key, stored_at in rows.values_list("identity_id", "stored_at")}
    return {key: place for key, place in found.items() if place is not None}
