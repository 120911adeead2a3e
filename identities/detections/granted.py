"""What many identities may read from vaults, as facts: one query."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from identities.access.models import SecretGrant
from identities.detections.facts import GrantFact
from identities.inventory import dormancy

_COLUMNS = (
    "identity_id", "pk", "vault_uri", "secret_name", "schedule_id", "schedule_label", "cadence_seconds",
    "identity__expected_cadence", "identity__schedule_cadence_seconds", "asked_at", "decided_at", "last_used_at",
)  # fmt: skip


def grants_of(ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, list[GrantFact]]:
    """By identity, the grants in force at `at`, in a stable order."""
    found: defaultdict[UUID, list[GrantFact]] = defaultdict(list)
    rows = SecretGrant.objects.effective(at).filter(identity_id__in=ids).order_by("secret_name", "pk")
    for identity_id, pk, uri, name, schedule, label, own, stated, scheduled, asked, decided, used in rows.values_list(
        *_COLUMNS
    ):
        cadence = _seconds(own) if schedule else cadence_of(stated, scheduled)
        found[identity_id].append(GrantFact(pk, f"{uri} {name}", decided or asked, label, used, cadence))
    return found


def cadence_of(stated: str, scheduled_seconds: int | None) -> timedelta | None:
    """How often an identity shows itself, as it is stated or as its schedules make it."""
    return dormancy.cadence_of(stated=stated, scheduled_seconds=scheduled_seconds, default_days=0).gap


def _seconds(kept: int | None) -> timedelta | None:
    return None if kept is None else timedelta(seconds=kept)
