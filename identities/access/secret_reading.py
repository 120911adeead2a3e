"""May this be read? And who may read what: questions about grants of secrets (S3-30)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from identities.access.models import GrantState, SecretGrant, SecretGrants
from identities.access.secret_places import Place, own_places, whose
from identities.errors import Refused
from identities.inventory import usage
from identities.inventory.models import ManagedIdentity
from identities.statements.prepared import Prepared
from identities.vaults.references import SecretReference

NOT_GRANTED = "secret_not_granted"
#: Where a grant can stand: what was asked for, what is in force, and three ways to be over.
STATES = ("asked", "granted", "refused", "expired", "ended")
Reference = SecretReference | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Readable:
    """A place that an identity may read: by grants, to itself or to schedules of it, and where its own secret rests."""

    place: Place
    grants: tuple[SecretGrant, ...] = ()
    is_own: bool = False

    @property
    def reference(self) -> SecretReference:
        return self.place.reference


@dataclass(frozen=True, slots=True)
class PlaceReaders:
    """Who may read a place, or asked to: grants (those in force first), and identities whose own secret rests there."""

    grants: tuple[SecretGrant, ...]
    own: tuple[ManagedIdentity, ...]


def check(
    identity_id: UUID,
    reference: Reference,
    schedule_id: UUID | None,
    at: datetime,
    *,
    made_at: datetime | None = None,
) -> UUID | None:
    """The grant by which `identity_id`, working for a schedule, reads `reference` at `at`; None where it is its own.

    Raises Refused, code `secret_not_granted`, where there is neither: default is deny. Of a run that was made at
    `made_at` the grants count that its schedule had then; one that a person has ended does not. Tell `note_read` when
    the secret was read.
    """
    place = Place.of(reference)
    reader: dict[str, Any] = {"identity_id": identity_id, "schedule_id": schedule_id, **place.columns}
    if schedule_id is None or made_at is None:
        rows = _in_order(_of_reader(**reader).effective(at, of_runs_since=made_at))
        grant_id = rows.first()
    else:
        grant_id = next((pk for (pk,) in _OF_RUN.rows(**reader, at=at, made_at=made_at)), None)
    if grant_id is None and place not in own_places([identity_id], at).get(identity_id, ()):
        raise Refused(_missing(place, _of_reader(**reader), at), code=NOT_GRANTED)
    return grant_id


def _of_reader(*, identity_id: Any, schedule_id: Any, **columns: Any) -> SecretGrants:
    of_reader = Q(schedule_id=None) if schedule_id is None else Q(schedule_id=None) | Q(schedule_id=schedule_id)
    found: SecretGrants = SecretGrant.objects.filter(of_reader, identity_id=identity_id, **columns)
    return found


def _in_order(rows: SecretGrants) -> QuerySet[Any]:
    return rows.order_by(F("schedule_id").asc(nulls_last=True), "pk").values_list("pk", flat=True)


#: What every run asks: one statement, compiled once.
_OF_RUN = Prepared(
    lambda at, made_at, **reader: _in_order(_of_reader(**reader).effective(at, of_runs_since=made_at))[:1],
    identity_id=UUID,
    schedule_id=UUID,
    provider=str,
    vault_uri=str,
    secret_name=str,
    at=datetime,
    made_at=datetime,
)


def note_read(grant_id: UUID | None, *, at: datetime | None = None) -> None:
    """The secret was read by this grant; written a moment later with other marks of use, at no query here."""
    if grant_id is not None:
        usage.note_use(SecretGrant, grant_id, at=at)


def grants(tenant_ids: Collection[UUID] | None) -> QuerySet[SecretGrant]:
    """Grants of identities of these tenants, with the identity at hand; None is every tenant."""
    found = SecretGrant.objects.select_related("identity")
    return found if tenant_ids is None else found.filter(identity__tenant_id__in=tenant_ids)


def readers_of(reference: Reference, tenant_id: UUID, at: datetime | None = None, *, most: int = 200) -> PlaceReaders:
    """Who of the tenant may read what rests there; ended grants too, `most` of them together. Three queries."""
    place, now = Place.of(reference), at or timezone.now()
    rows = grants({tenant_id}).filter(**place.columns).order_by(F("ended_at").asc(nulls_first=True), "-asked_at", "pk")
    return PlaceReaders(tuple(rows[:most]), tuple(whose([place], tenant_id, now).get(place, ())))


def references_of(identity: ManagedIdentity, at: datetime | None = None) -> list[Readable]:
    """Every place that `identity` may read at `at`, in order: what is to be changed when it has fallen. Two queries."""
    now = at or timezone.now()
    held: dict[Place, list[SecretGrant]] = {}
    for grant in SecretGrant.objects.effective(now).filter(identity=identity).order_by("asked_at", "pk"):
        held.setdefault(place_of(grant), []).append(grant)
    own = set(own_places([identity.pk], now).get(identity.pk, ()))
    return [Readable(place, tuple(held.get(place, ())), place in own) for place in sorted({*held, *own})]


def place_of(grant: SecretGrant) -> Place:
    """The place that a grant is about."""
    return Place(grant.provider, grant.vault_uri, grant.secret_name)


def is_in_force(grant: SecretGrant, at: datetime) -> bool:
    """Whether it lets its reader read at `at`; the same as `effective`, of one row in hand."""
    return grant.state == GrantState.GRANTED and grant.ended_at is None and grant.valid_until > at


def state_of(grant: SecretGrant, at: datetime) -> str:
    """Where it stands at `at`, in a word of `STATES`."""
    if grant.ended_at is not None:
        return "ended"
    if grant.state == GrantState.GRANTED and grant.valid_until <= at:
        return "expired"
    return str(grant.state)


def in_state(state: str, at: datetime) -> Q:
    """The condition for what `state_of` says."""
    open_ = Q(ended_at=None)
    return {
        "asked": open_ & Q(state=GrantState.ASKED),
        "granted": open_ & Q(state=GrantState.GRANTED, valid_until__gt=at),
        "refused": open_ & Q(state=GrantState.REFUSED),
        "expired": open_ & Q(state=GrantState.GRANTED, valid_until__lte=at),
        "ended": Q(ended_at__isnull=False),
    }[state]


def _missing(place: Place, found: QuerySet[SecretGrant], at: datetime) -> str:
    """What is missing, and what has become of the one that there was."""
    last = found.order_by("-asked_at", "-pk").first()
    said = f"no grant lets this schedule or its identity read '{place.secret_name}' at {place.vault_uri}"
    if last is None:
        return said
    if last.ended_at is not None:
        return f"{said}; the last one was ended on {last.ended_at:%Y-%m-%d}: {last.ended_reason}"
    if last.state == GrantState.ASKED:
        return f"{said}; one is asked for and waits for a decision"
    if last.state == GrantState.REFUSED:
        return f"{said}; it was asked for and refused: {last.decided_reason}"
    return f"{said}; the last one ended on {last.valid_until:%Y-%m-%d}"
