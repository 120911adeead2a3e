"""The leaked secrets of many identities as facts: one query."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from identities.detections.leak_facts import LeakFact
from identities.detections.models import LeakAction, LeakMatch

_COLUMNS = (
    "identity_id", "secret_id", "secret__hint", "secret__created_at", "report__reported_at", "action",
    "report__source", "report__where", "secret__revoked_at", "secret__expires_at",
)  # fmt: skip


def leaks_of(ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, list[LeakFact]]:
    """By identity, each leaked secret once, as it was first reported; without those that had ended before."""
    found: defaultdict[UUID, dict[UUID, LeakFact]] = defaultdict(dict)
    rows = LeakMatch.objects.filter(~Q(action=LeakAction.NONE), identity_id__in=ids)
    for row in rows.order_by("report__reported_at", "pk").values_list(*_COLUMNS):
        identity_id, secret_id, hint, made, reported, action, source, where, revoked, ends = row
        is_live = revoked is None and (ends is None or ends > at)
        fact = LeakFact(secret_id, hint, made, reported, action, source, where, is_live)
        found[identity_id].setdefault(secret_id, fact)
    return {identity_id: list(facts.values()) for identity_id, facts in found.items()}
