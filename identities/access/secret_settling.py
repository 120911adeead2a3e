"""Grants that follow what a schedule reads: written when it is saved, ended when it reads something else or is gone."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actors import Actor, ActorKind
from identities.access import secret_spans
from identities.access.models import GrantState, SecretGrant
from identities.access.secret_places import Place, own_places
from identities.access.secret_readers import Reader
from identities.access.secret_reading import place_of
from identities.access.secret_writing import begin, close
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State

#: As whom a schedule reads what.
Reading = tuple[UUID, Place]
CHANGED = "The schedule reads something else now"
GRANTED = "Granted with the schedule"
_FOLLOWED = ("schedule_label", "cadence_seconds")


@transaction.atomic
def settle(
    reader: Reader, *, former: Collection[Reading] = (), wanted: Collection[Reading], actor: Actor, reason: str = ""
) -> None:
    """Bring the grants of a schedule in step: what it read before and reads no more ends, what it reads is granted.

    Who saves a schedule governs the tenant's identities, and so grants with it (reason "Schedule <name>", until its
    identity ends or for a year); where a managed identity saves its own, what it may not read yet is only asked for.
    A grant that stands is left as it is: saving a schedule again extends nothing. Runs that exist keep what they had.
    Call it in the transaction that saves the schedule, with the identities held.
    """
    at = timezone.now()
    standing = _standing(reader.id, at)
    _follow(reader, standing)
    gone = set(former) - set(wanted)
    for grant in standing:
        if _reading(grant) in gone:
            close(grant, at=at, reason=reason or CHANGED, actor=actor, is_superseded=True)
    left = [grant for grant in standing if grant.ended_at is None]
    there = {_reading(grant) for grant in left if _is_enough(grant, actor)}
    missing = [reading for reading in dict.fromkeys(wanted) if reading not in there]
    for grant in left:
        if _reading(grant) in missing:
            close(grant, at=at, reason=GRANTED, actor=actor)
    if missing:
        _write(reader, missing, actor, at)


@transaction.atomic
def end_all_of(
    *, actor: Actor, reason: str, schedule_id: UUID | None = None, identity: ManagedIdentity | None = None
) -> int:
    """End every grant, given or asked for, of a schedule that is removed or an identity that is retired; says how many.

    Runs of a removed schedule that have begun may read on; those of a retired identity do not get that far.
    """
    at = timezone.now()
    which = Q(schedule_id=schedule_id) if schedule_id is not None else Q(identity=identity)
    standing = _open(at, which)
    for grant in standing:
        close(grant, at=at, reason=reason, actor=actor, is_superseded=schedule_id is not None)
    return len(standing)


def _standing(schedule_id: UUID, at: datetime) -> list[SecretGrant]:
    return _open(at, Q(schedule_id=schedule_id))


def _open(at: datetime, which: Q) -> list[SecretGrant]:
    rows = SecretGrant.objects.filter(which, ended_at=None).filter(
        Q(state=GrantState.ASKED) | Q(state=GrantState.GRANTED, valid_until__gt=at)
    )
    return list(rows.select_for_update(no_key=True, of=("self",)).select_related("identity").order_by("pk"))


def _follow(reader: Reader, standing: Collection[SecretGrant]) -> None:
    for grant in standing:
        if (grant.schedule_label, grant.cadence_seconds) != (reader.label, reader.cadence_seconds):
            grant.schedule_label, grant.cadence_seconds = reader.label, reader.cadence_seconds
            grant.save(update_fields=_FOLLOWED)


def _reading(grant: SecretGrant) -> Reading:
    return grant.identity_id, place_of(grant)


def _is_enough(grant: SecretGrant, actor: Actor) -> bool:
    """An asking is enough only for who could do no more than ask."""
    return grant.state == GrantState.GRANTED or actor.kind == ActorKind.IDENTITY


def _write(reader: Reader, missing: Collection[Reading], actor: Actor, at: datetime) -> None:
    rows = ManagedIdentity.objects.filter(pk__in={pk for pk, _ in missing}, tenant_id=reader.tenant_id)
    identities = {row.pk: row for row in rows.exclude(state=State.RETIRED)}
    is_machine = actor.kind == ActorKind.IDENTITY
    readable = _readable(identities.keys(), at) if is_machine else set()
    for pk, place in missing:
        if pk not in identities or (pk, place) in readable:
            continue
        identity = identities[pk]
        made = SecretGrant(
            identity=identity,
            **place.columns,
            schedule_id=reader.id,
            schedule_label=reader.label,
            cadence_seconds=reader.cadence_seconds,
            reason=f"Schedule {reader.label}",
            asked_at=at,
            valid_until=secret_spans.usual(identity.expires_at, at),
        )
        begin(made, state=GrantState.ASKED if is_machine else GrantState.GRANTED, actor=actor)


def _readable(identity_ids: Collection[UUID], at: datetime) -> set[Reading]:
    """What these identities may read without a grant to a schedule."""
    granted = SecretGrant.objects.effective(at).filter(identity_id__in=identity_ids, schedule_id=None)
    own = own_places(identity_ids, at)
    return {_reading(grant) for grant in granted} | {(pk, place) for pk, places in own.items() for place in places}
