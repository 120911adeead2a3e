"""Which credentials have come near the day they are due since somebody was last told; the database finds them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Least

from identities.credentials import due as dates
from identities.credentials.models import (
    ClientKey,
    ClientSecret,
    ExternalCredential,
    ExternalKind,
    Reminder,
    Rotation,
)
from identities.credentials.selectors import alive
from identities.inventory.exceptions import excepted_until
from identities.inventory.models import ExceptionKind, ManagedIdentity
from identities.inventory.posture import ROLES
from identities.inventory.standards_rows import standards_of_each
from identities.inventory.states import State

#: Days before; 0 is overdue.
THRESHOLDS = (0, 1, 7, 14)
#: Nobody is waiting for these.
RESTING = (State.RETIRED.value, State.DISABLED.value)
_CHUNK = 200
_RELATED = ("identity", *(f"identity__{role}" for role, _ in ROLES), "identity__owner_team")
Row = ClientSecret | ClientKey | ExternalCredential


@dataclass(frozen=True, slots=True)
class Due:
    """One credential, when it is due, and the threshold that it has passed. `is_end`: it stops working then."""

    identity: ManagedIdentity
    credential_id: UUID
    words: str
    label: str
    at: datetime
    days: int
    is_ours: bool
    is_end: bool


def threshold(due: datetime, at: datetime) -> int | None:
    """The nearest threshold that `at` has passed; None while the day is further away than any. Pure."""
    return next((days for days in THRESHOLDS if due <= at + timedelta(days=days)), None)


def coming_due(at: datetime) -> Iterator[Due]:
    """Those of which nobody was told yet: what is still to come first, then what is overdue.

    Walks only rows whose date is near, whatever the size of the register; loads them by the two hundred.
    """
    for found in (_ours(ClientSecret, at), _ours(ClientKey, at), _raised(ClientSecret, at), _raised(ClientKey, at)):
        yield from _judged(found, at)
    yield from _judged(_others(at), at)


def _ours(model: type[Any], at: datetime) -> QuerySet[Any]:
    """By the day that stands on it."""
    return _untold(_working(model, at).filter(rotate_by__lte=_horizon(at)).annotate(due=F("rotate_by")), at)


def _raised(model: type[Any], at: datetime) -> QuerySet[Any]:
    """What is due sooner than the day that stands on it: its tier was raised since, or it ends."""
    rows = _working(model, at).filter(rotate_by__gt=_horizon(at), identity__rotate_by__lte=_horizon(at))
    return _untold(rows.annotate(due=F("identity__rotate_by")), at)


def _working(model: type[Any], at: datetime) -> QuerySet[Any]:
    """Of an identity that works, and not being replaced already."""
    name = "old" if model is ClientSecret else "old_key"
    replaced = Rotation.objects.filter(ended_at=None, **{name: OuterRef("pk")})
    rows: QuerySet[Any] = model._default_manager.filter(alive(at), ~Exists(replaced))
    return rows.exclude(identity__state__in=RESTING)


def _others(at: datetime) -> QuerySet[Any]:
    """By the dates that a person or a source gave; what was past before we knew of it is a finding, and no news."""
    sooner = Case(
        When(rotate_by=None, then=F("expires_at")),
        When(expires_at=None, then=F("rotate_by")),
        default=Least("rotate_by", "expires_at"),
    )
    near = Q(rotate_by__lte=_horizon(at)) | Q(expires_at__lte=_horizon(at))
    rows = ExternalCredential.objects.filter(near, is_active=True, gone_at=None).exclude(kind=ExternalKind.FEDERATED)
    rows = rows.exclude(identity__state__in=RESTING).annotate(due=sooner).filter(due__gte=F("first_seen_at"))
    return _untold(rows, at)


def _untold(rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
    """Without those of which was told at this threshold or a nearer one."""
    passed = [When(due__lte=at + timedelta(days=days), then=Value(days)) for days in THRESHOLDS[:-1]]
    days = Case(*passed, default=Value(THRESHOLDS[-1]), output_field=IntegerField())
    said = Reminder.objects.filter(
        credential_id=OuterRef("pk"), due_at=OuterRef("due"), days__lte=OuterRef("days_before")
    )
    rows = rows.filter(identity__merged_into=None).annotate(days_before=days).filter(~Exists(said))
    return rows.order_by(Case(When(due__lte=at, then=Value(1)), default=Value(0)), "due", "pk")


def _judged(found: QuerySet[Any], at: datetime) -> Iterator[Due]:
    ids = list(found.values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        kept = {row.pk: row for row in _loaded(found.model, some, at)}
        rows = [kept[pk] for pk in some if pk in kept]
        told = _told([row.pk for row in rows])
        for row, day in zip(rows, _days(rows), strict=True):
            days = threshold(day, at)
            if days is not None and not any((row.pk, day, sooner) in told for sooner in THRESHOLDS if sooner <= days):
                yield _due(row, day, days)


def _loaded(model: type[Any], ids: Sequence[UUID], at: datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.filter(pk__in=ids).select_related(*_RELATED)
    until = excepted_until(at, kind=ExceptionKind.ROTATION_BEYOND_MAXIMUM)
    return rows if model is ExternalCredential else rows.annotate(until=until)


def _told(ids: Sequence[UUID]) -> set[tuple[UUID, datetime, int]]:
    return set(Reminder.objects.filter(credential_id__in=ids).values_list("credential_id", "due_at", "days"))


def _days(rows: Sequence[Any]) -> list[datetime]:
    standards = standards_of_each({row.identity.tenant_id for row in rows})
    return [
        min(day for day in (row.rotate_by, row.expires_at) if day is not None)
        if isinstance(row, ExternalCredential)
        else dates.effective(
            created_at=row.created_at,
            own=row.rotate_by,
            renewed_at=row.renewed_at,
            expires_at=row.expires_at,
            excepted_until=row.until,
            identity=row.identity,
            standards=standards[row.identity.tenant_id],
        )
        for row in rows
    ]


def _due(row: Row, day: datetime, days: int) -> Due:
    is_ours = not isinstance(row, ExternalCredential)
    words = (
        row.get_kind_display() if isinstance(row, ExternalCredential) else "key" if isinstance(row, ClientKey) else ""
    )
    return Due(row.identity, row.pk, words or "secret", str(row), day, days, is_ours, is_end=row.expires_at == day)


def _horizon(at: datetime) -> datetime:
    return at + timedelta(days=THRESHOLDS[-1])
