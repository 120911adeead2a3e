"""When an identity's credentials were last renewed and when the first is due, kept on its row (S0-17, S3-77)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from identities.credentials import due
from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential, ExternalKind
from identities.credentials.selectors import alive
from identities.inventory import exceptions, posture
from identities.inventory.models import ExceptionKind, ManagedIdentity
from identities.inventory.standards import Standards
from identities.inventory.supplies.base import Supply


@dataclass(frozen=True, slots=True)
class Renewed:
    """One credential that works: when it was made or last changed, and what is known of the day it is due.

    `own` is the day that stands on it; `is_ours` tells whether we issued it, `renewed_at` whether somebody moved it.
    """

    at: datetime
    expires_at: datetime | None = None
    own: datetime | None = None
    renewed_at: datetime | None = None
    excepted_until: datetime | None = None
    is_ours: bool = False


def refresh(identity_ids: Collection[UUID]) -> None:
    """Their credentials have changed: bring rotate-by, last rotation and verdict up to date, in this transaction."""
    posture.refresh(identity_ids, at=timezone.now())


def refresh_held(identities: Sequence[ManagedIdentity]) -> None:
    """As `refresh`, for rows that the caller has just made or holds."""
    posture.refresh_held(identities, at=timezone.now())


class RotationFacts(Supply):
    """`last_rotated_at`: the newest renewal; `rotate_by`: when the first credential is due. Null: none, or not known.

    Due is what the policy of today makes of the day of renewal, also for secrets made under another: a tier that was
    raised counts at once. A day that somebody set on purpose, and an exception, come before it (`due`). A credential
    with an end of its own is due by that at the latest.
    """

    kind = "rotation"
    columns = ("rotate_by", "last_rotated_at")

    def fill(self, identities: Sequence[ManagedIdentity], *, standards: Mapping[UUID, Standards], at: datetime) -> None:
        renewals = _renewals([identity.pk for identity in identities], at)
        for identity in identities:
            found = renewals.get(identity.pk, [])
            identity.last_rotated_at = max((renewed.at for renewed in found), default=None)
            identity.rotate_by = min(
                (_due(identity, one, standards[identity.tenant_id]) for one in found), default=None
            )


def _renewals(identity_ids: list[UUID], at: datetime) -> dict[UUID, list[Renewed]]:
    found: dict[UUID, list[Renewed]] = defaultdict(list)
    for key, renewed in (*_ours(identity_ids, at), *_others(identity_ids, at)):
        found[key].append(renewed)
    return found


def _ours(identity_ids: list[UUID], at: datetime) -> Iterable[tuple[UUID, Renewed]]:
    """Secrets and keys alike, in one query."""
    for key, made_at, expires_at, own, renewed_at, until in _dates(ClientSecret, identity_ids, at).union(
        _dates(ClientKey, identity_ids, at), all=True
    ):
        yield key, Renewed(made_at, expires_at, own, renewed_at, until, is_ours=True)


def _dates(model: type[ClientSecret] | type[ClientKey], identity_ids: list[UUID], at: datetime) -> QuerySet[Any, Any]:
    until = exceptions.excepted_until(at, kind=ExceptionKind.ROTATION_BEYOND_MAXIMUM)
    rows = model._default_manager.filter(alive(at), identity_id__in=identity_ids).order_by()
    return rows.annotate(until=until).values_list(
        "identity_id", "created_at", "expires_at", "rotate_by", "renewed_at", "until"
    )


def _others(identity_ids: list[UUID], at: datetime) -> Iterable[tuple[UUID, Renewed]]:
    """Those that a source reports as working; of one whose age it does not tell, only its end counts."""
    rows = ExternalCredential.objects.filter(identity_id__in=identity_ids, is_active=True, gone_at=None).order_by()
    members = ("identity_id", "last_rotated_at", "created_at", "expires_at", "rotate_by")
    for key, rotated_at, created_at, expires_at, own in rows.exclude(kind=ExternalKind.FEDERATED).values_list(*members):
        renewed_at = rotated_at or created_at
        if renewed_at is not None and (expires_at is None or expires_at > at):
            yield key, Renewed(renewed_at, expires_at, own)


def _due(identity: ManagedIdentity, renewed: Renewed, standards: Standards) -> datetime:
    if renewed.is_ours and renewed.own is not None:
        return due.effective(
            created_at=renewed.at,
            own=renewed.own,
            renewed_at=renewed.renewed_at,
            expires_at=renewed.expires_at,
            excepted_until=renewed.excepted_until,
            identity=identity,
            standards=standards,
        )
    days = (due.by_policy(renewed.at, identity, standards), renewed.own, renewed.expires_at)
    return min(day for day in days if day is not None)
