"""How long things took in the last 90 days, on average: to provision, approve, rotate and revoke (S4-73, S4-78, S4-81).

From the audit trail and the credentials; a time for which there was no case is unknown. Three small statements, each
over the latest thousand cases at the most.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import IntegerField, Q, Value

from audit.models import AuditEvent
from identities.credentials.models import ClientKey, ClientSecret
from identities.detections.models import Finding
from identities.events import IdentityEvent
from identities.inventory.states import State
from identities.programme.arithmetic import mean
from identities.programme.slices import Slice

BACK = timedelta(days=90)
MOST = 1000
#: The findings whose end is the end of a leak.
LEAK = "NHI2"


def averages(slice_: Slice, at: datetime) -> dict[str, float]:
    """Seconds by the number's key; what there was no case of is not in it."""
    requests = _requests(slice_, at) if slice_.is_whole else {}
    found = {
        "time_to_provision": mean(_until(requests, State.ACTIVE)),
        "time_to_approve": mean(_until(requests, State.APPROVED)),
        "time_to_rotate": mean(_rotations(slice_, at)),
        "time_to_revoke": mean(_leaks(slice_, at)),
    }
    return {key: value for key, value in found.items() if value is not None}


def _requests(slice_: Slice, at: datetime) -> dict[str, list[tuple[datetime, str]]]:
    """The states that requested identities came into, in order: {identity: [(when, state), …]}."""
    events = AuditEvent.objects.filter(
        slice_.rows(), type__startswith="identity.", recorded_at__gte=at - BACK, changes__has_key="state"
    )
    asked = events.filter(type=IdentityEvent.CREATED.value, changes__state__current=State.REQUESTED.value)
    ids = list(asked.order_by("-id").values_list("subject_id", flat=True)[:MOST])
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    if ids:
        rows = events.filter(subject_id__in=ids).order_by("id").values_list("subject_id", "recorded_at", "changes")
        for subject, when, changes in rows:
            found[subject].append((when, str(changes["state"].get("current"))))
    return found


def _until(requests: Mapping[str, Sequence[tuple[datetime, str]]], state: State) -> list[float]:
    found = []
    for moves in requests.values():
        reached = next((when for when, name in moves[1:] if name == state), None)
        if reached is not None:
            found.append((reached - moves[0][0]).total_seconds())
    return found


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
