"""When an identity's credentials were last renewed and when the first is due, kept on its row (S0-17, S3-77)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from identities.credentials.models import ClientSecret, ExternalCredential, ExternalKind
from identities.credentials.rotation import rotate_by
from identities.credentials.selectors import alive
from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import Standards
from identities.inventory.supplies.base import Supply


@dataclass(frozen=True, slots=True)
class Renewed:
    """One credential that works: when it was made or last changed, and its own end where it has one."""

    at: datetime
    expires_at: datetime | None = None


def refresh(identity_ids: Collection[UUID]) -> None:
    """Their credentials have changed: bring rotate-by, last rotation and verdict up to date, in this transaction."""
    posture.refresh(identity_ids, at=timezone.now())


def refresh_held(identities: Sequence[ManagedIdentity]) -> None:
    """As `refresh`, for rows that the caller has just made or holds."""
    posture.refresh_held(identities, at=timezone.now())


class RotationFacts(Supply):
    """`last_rotated_at`: the newest renewal; `rotate_by`: when the first credential is due. Null: none, or not known.

    Due is what the policy of today makes of the day of renewal, also for secrets made under another: a tier that was
    raised counts at once. A credential with an end of its own is due by that at the latest.
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
    rows = ClientSecret.objects.filter(alive(at), identity_id__in=identity_ids).order_by()
    for key, created_at, expires_at in rows.values_list("identity_id", "created_at", "expires_at"):
        yield key, Renewed(created_at, expires_at)


def _others(identity_ids: list[UUID], at: datetime) -> Iterable[tuple[UUID, Renewed]]:
    """Those that a source reports as working; of one whose age it does not tell, only its end counts."""
    rows = ExternalCredential.objects.filter(identity_id__in=identity_ids, is_active=True, gone_at=None).order_by()
    members = ("identity_id", "last_rotated_at", "created_at", "expires_at")
    for key, rotated_at, created_at, expires_at in rows.exclude(kind=ExternalKind.FEDERATED).values_list(*members):
        renewed_at = rotated_at or created_at
        if renewed_at is not None and (expires_at is None or expires_at > at):
            yield key, Renewed(renewed_at, expires_at)


def _due(identity: ManagedIdentity, renewed: Renewed, standards: Standards) -> datetime:
    due = rotate_by(
        renewed.at,
        identity.risk_tier,
        internet_exposed=identity.internet_exposed,
        own_days=identity.rotation_interval_days,
        standards=standards,
    )
    return min(due, renewed.expires_at) if renewed.expires_at else due
