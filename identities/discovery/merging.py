"""Merging two rows by hand, seen beforehand and taken back afterwards: nothing that moves is lost."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from audit.actors import Actor
from identities.access.models import RoleBinding
from identities.credentials import rotation_facts
from identities.credentials.models import ExternalCredential
from identities.credentials.selectors import live_secrets
from identities.discovery.matching import held
from identities.discovery.models import Merge, SourceRecord
from identities.errors import Conflict, Invalid
from identities.inventory import merged_rows
from identities.inventory.dependencies.base import dependencies_of
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State

SCHEDULE = "schedule"


@dataclass(frozen=True)
class Foreseen:
    """What a merge would do; `refused` is the sentence that stands against it, empty where nothing does."""

    records: int
    credentials: int
    filled: dict[str, object]
    stays: dict[str, tuple[object, object]]
    refused: str = ""


def foresee(*, kept: ManagedIdentity, absorbed: ManagedIdentity) -> Foreseen:
    """What would move from `absorbed` to `kept`, be filled in there, and stay as it is. Changes nothing."""
    return Foreseen(
        records=SourceRecord.objects.filter(identity=absorbed).count(),
        credentials=_movable(kept, absorbed).count(),
        filled=merged_rows.fillable(kept, absorbed),
        stays=merged_rows.differing(kept, absorbed),
        refused=_objection(kept, absorbed, timezone.now()),
    )


@transaction.atomic
def merge(*, kept: ManagedIdentity, absorbed: ManagedIdentity, reason: str, actor: Actor) -> Merge:
    """Make two rows one: the records of `absorbed` and its credentials elsewhere move, what `kept` lacks is filled in.

    `absorbed` rests as retired until it is parted. Raises Invalid without a reason; Conflict for rows of two tenants, a
    retired one, and an `absorbed` that has a live secret of ours, a role, or a schedule that runs as it.
    """
    _ask_why(reason)
    kept, absorbed = _both(kept.pk, absorbed.pk)
    at = timezone.now()
    if refused := _objection(kept, absorbed, at):
        raise Conflict(refused, code="cannot_merge")
    former = {name: _plain(getattr(absorbed, name)) for name in merged_rows.FORMER}
    records = list(SourceRecord.objects.filter(identity=absorbed).values_list("pk", flat=True))
    credentials = list(_movable(kept, absorbed).values_list("pk", flat=True))
    SourceRecord.objects.filter(pk__in=records).update(identity=kept)
    ExternalCredential.objects.filter(pk__in=credentials).update(identity=kept)
    filled = merged_rows.absorb(absorbed, into=kept, reason=reason.strip(), actor=actor, at=at)
    rotation_facts.refresh({kept.pk, absorbed.pk})
    return Merge.objects.create(
        tenant_id=kept.tenant_id,
        kept=kept,
        absorbed=absorbed,
        moved={
            "records": [str(pk) for pk in records],
            "credentials": [str(pk) for pk in credentials],
            "filled": filled,
            "former": former,
        },
        reason=reason.strip(),
        merged_by=actor.label,
        merged_at=at,
    )


@transaction.atomic
def part(merge: Merge, *, reason: str, actor: Actor) -> Merge:
    """Undo a merge: everything that moved goes back, and the absorbed row is what it was. Raises Invalid, Conflict."""
    _ask_why(reason)
    locked = Merge.objects.select_for_update(no_key=True).get(pk=merge.pk)
    if locked.parted_at is not None:
        raise Conflict("These two were parted already.", code="already_parted")
    kept, absorbed = _both(locked.kept_id, locked.absorbed_id)
    if absorbed.merged_into_id != kept.pk:
        raise Conflict("Another merge came after this one: part that one first.", code="merged_again")
    at = timezone.now()
    moved = locked.moved
    SourceRecord.objects.filter(pk__in=moved["records"], identity=kept).update(identity=absorbed)
    ExternalCredential.objects.filter(pk__in=moved["credentials"], identity=kept).update(identity=absorbed)
    for row in (kept, absorbed):
        row.reported_by = _sources(row)
    merged_rows.reinstate(
        absorbed, kept=kept, former=moved["former"], filled=moved["filled"], reason=reason.strip(), actor=actor, at=at
    )
    rotation_facts.refresh({kept.pk, absorbed.pk})
    locked.parted_at = at
    locked.save(update_fields=["parted_at"])
    return locked


def _objection(kept: ManagedIdentity, absorbed: ManagedIdentity, at: datetime) -> str:
    if kept.pk == absorbed.pk:
        return "An identity cannot be merged into itself."
    if kept.tenant_id != absorbed.tenant_id:
        return "The two belong to different tenants."
    if gone := next((row.name for row in (kept, absorbed) if row.state == State.RETIRED), ""):
        return f"'{gone}' is retired: only rows that live are merged."
    if stopped := next((row.name for row in (kept, absorbed) if row.state == State.QUARANTINED), ""):
        return f"'{stopped}' is quarantined: an incident is ended by its release, not by a merge."
    return _holds_on(absorbed, at)


def _holds_on(absorbed: ManagedIdentity, at: datetime) -> str:
    """What works as the row that would rest, and so would stop."""
    if absorbed.account_id is not None:
        return f"'{absorbed.name}' is the account of a service user: merge the other way round."
    if live_secrets(absorbed, at).exists():
        return f"'{absorbed.name}' has a live secret of ours: revoke it, or merge the other way round."
    if RoleBinding.objects.filter(identity=absorbed, valid_until__gt=at).exists():
        return f"'{absorbed.name}' has a role here: end its bindings, or merge the other way round."
    if any(found.kind == SCHEDULE for found in dependencies_of(absorbed)):
        return f"A schedule runs as '{absorbed.name}': let it run as the other one first."
    return ""


def _movable(kept: ManagedIdentity, absorbed: ManagedIdentity) -> QuerySet[ExternalCredential]:
    """What both name is already there, and stays where it is."""
    there = ExternalCredential.objects.filter(
        identity=kept, source=OuterRef("source"), kind=OuterRef("kind"), external_id=OuterRef("external_id")
    )
    return ExternalCredential.objects.filter(~Exists(there), identity=absorbed)


def _both(kept: UUID, absorbed: UUID) -> tuple[ManagedIdentity, ManagedIdentity]:
    """The rows as they are now, locked in the order of their ids."""
    rows = held({kept, absorbed}, lock=True)
    return rows[kept], rows[absorbed]


def _sources(identity: ManagedIdentity) -> list[str]:
    rows = SourceRecord.objects.filter(identity=identity).order_by("first_seen_at", "pk")
    return list(dict.fromkeys(rows.values_list("source", flat=True)))


def _ask_why(reason: str) -> None:
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
