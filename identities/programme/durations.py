"""How long things took in the last 90 days, on average: to provision, approve, rotate and revoke (S4-73, S4-78, S4-81).

From requests, credentials and findings; a time for which there was no case is unknown. A few small statements, each
over the latest thousand cases at the most.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import IntegerField, Q, Value

from identities.credentials.models import ClientKey, ClientSecret
from identities.detections.models import Finding
from identities.programme.arithmetic import mean
from identities.programme.slices import Slice
from identities.requests import selectors as requests

BACK = timedelta(days=90)
MOST = 1000
#: The findings whose end is the end of a leak.
LEAK = "NHI2"


@dataclass(frozen=True, slots=True)
class Took:
    """Averages in seconds by the number's key, and those of requests by risk tier as well."""

    means: dict[str, float]
    by_tier: dict[str, Counter[str]]


def averages(slice_: Slice, at: datetime) -> Took:
    """Seconds by the number's key; what there was no case of is not in it."""
    asked = requests.times(slice_.every_identity("identity__"), at - BACK, at, MOST)
    provisioned = [(tier, (issued - begun).total_seconds()) for tier, begun, _, issued in asked]
    approved = [(tier, (yes - begun).total_seconds()) for tier, begun, yes, _ in asked if yes is not None]
    means = {
        "time_to_provision": mean([seconds for _, seconds in provisioned]),
        "time_to_approve": mean([seconds for _, seconds in approved]),
        "time_to_rotate": mean(_rotations(slice_, at)),
        "time_to_revoke": mean(_leaks(slice_, at)),
    }
    return Took(
        means={key: value for key, value in means.items() if value is not None},
        by_tier={"time_to_provision": _by_tier(provisioned), "time_to_approve": _by_tier(approved)},
    )


def _by_tier(found: Sequence[tuple[str, float]]) -> Counter[str]:
    """Whole seconds on average, by risk tier; a tier of which there was no case is not in it."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for tier, took in found:
        seconds[tier].append(took)
    return Counter({tier: round(sum(each) / len(each)) for tier, each in seconds.items()})


def _rotations(slice_: Slice, at: datetime) -> list[float]:
    """From the making of a secret or key to the end of the one before it, where that came after."""
    mine = slice_.identities("identity__")
    ended = _both(mine, "revoked_at", revoked_at__gte=at - BACK, revoked_at__lte=at)
    latest: list[Any] = list(ended.order_by("-revoked_at")[:MOST])
    made: dict[tuple[UUID, int], list[datetime]] = defaultdict(list)
    if latest:
        rows = _both(Q(identity_id__in={row[0] for row in latest}))
        for identity_id, kind, when in rows.order_by("created_at"):
            made[identity_id, kind].append(when)
    return [took for row in latest if (took := _overlap(made[row[0], row[1]], row[2], row[3])) is not None]


def _both(of: Q, *more: str, **narrow: Any) -> Any:
    """Secrets and keys in one statement: whose, which of the two, when it was made."""
    secrets, keys = (
        model._default_manager.filter(of, **narrow)
        .order_by()
        .annotate(kind=Value(number, IntegerField()))
        .values_list("identity_id", "kind", "created_at", *more)
        for number, model in enumerate((ClientSecret, ClientKey))
    )
    return secrets.union(keys, all=True)


def _overlap(made: Iterable[datetime], created: datetime, revoked: datetime) -> float | None:
    following = next((when for when in made if when > created), None)
    return (revoked - following).total_seconds() if following is not None and following <= revoked else None


def _leaks(slice_: Slice, at: datetime) -> list[float]:
    rows: Any = Finding.objects.filter(
        slice_.identities("identity__"), category=LEAK, resolved_at__gte=at - BACK, resolved_at__lte=at
    )
    spans = rows.order_by("-resolved_at").values_list("opened_at", "resolved_at")[:MOST]
    return [(resolved - opened).total_seconds() for opened, resolved in spans if resolved >= opened]
