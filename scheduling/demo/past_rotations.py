"""The rotations that are over: each secret that was replaced, with how both were used while they overlapped.

Part of `history`, by the same licence.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from zlib import crc32

from identities.credentials.models import (
    ClientSecret,
    Delivery,
    DeliveryStep,
    Rotation,
    RotationState,
    SecretSource,
    SecretUse,
)
from identities.credentials.rotation import terms
from identities.statements.prepared import insert_many
from scheduling.demo.shapes import HOUR

STEP = 3 * HOUR
REASONS = ("Due by policy", "Its team was told that it is due", "The monthly rotation")
STARTED_BY = "Rotate what rotates by itself"


def write(replaced: Mapping[ClientSecret, ClientSecret]) -> None:
    """One finished rotation for each pair (new, old), as the machine would have left it."""
    made = [_over(new, old) for new, old in replaced.items()]
    insert_many(made)
    insert_many([row for rotation in made for row in _uses(rotation)])
    insert_many([row for rotation in made for row in _sources(rotation)])


def falling(
    start: datetime, end: datetime, uses: int, *, to: int = 0, step: timedelta = STEP
) -> Iterator[tuple[datetime, int]]:
    """How often something was used, span by span, from `uses` down to `to`. Pure."""
    count = int((end - start) / step) + 1
    for place in range(count):
        at = (start + place * step).replace(second=0, microsecond=0)
        share = place / max(1, count - 1)
        yield at, max(0, round(uses + (to - uses) * share + crc32(f"{at} {uses}".encode()) % 3 - 1))


def spans(secret: ClientSecret, counted: Iterable[tuple[datetime, int]]) -> list[SecretUse]:
    """Those counts as rows of one secret."""
    return [SecretUse(secret=secret, at=at, uses=uses) for at, uses in counted if uses > 0]


def source(secret: ClientSecret, address: str, agent: str, span: tuple[datetime, datetime], uses: int) -> SecretSource:
    """From where a secret is used."""
    first, last = span
    return SecretSource(
        secret=secret, address=address, user_agent=agent, first_seen_at=first, last_seen_at=last, uses=uses
    )


def _over(new: ClientSecret, old: ClientSecret) -> Rotation:
    said = terms(new.identity.risk_tier, cadence_seconds=None)
    began, ended = new.created_at, old.revoked_at or new.created_at
    old.last_used_at = ended - said.silence - timedelta(minutes=4)
    old.first_used_at = old.created_at + timedelta(minutes=9)
    new.first_used_at = began + timedelta(minutes=17)
    ClientSecret.objects.filter(pk=old.pk).update(last_used_at=old.last_used_at, first_used_at=old.first_used_at)
    ClientSecret.objects.filter(pk=new.pk).update(first_used_at=new.first_used_at)
    return Rotation(
        identity_id=new.identity_id,
        old=old,
        new=new,
        state=RotationState.RETIRED,
        reason=REASONS[crc32(new.identity.name.encode()) % len(REASONS)],
        started_by=STARTED_BY,
        started_at=began,
        cutover_deadline=began + said.overlap,
        silent_seconds=int(said.silence.total_seconds()),
        after_deadline=said.after_deadline,
        distributed_at=began + timedelta(seconds=2),
        both_seen_at=new.first_used_at,
        old_silent_at=ended,
        ended_at=ended,
        ended_reason="Replaced: it was silent for its time and the new one is in use",
        watched_since=began,
        looked_at=ended,
        consider_at=None,
        delivery=Delivery.VAULT if new.stored_at else Delivery.SHOWN,
        store_at=new.stored_at,
        delivery_step=DeliveryStep.DONE,
        delivery_version=str((new.stored_at or {}).get("version", "")),
        delivery_tries=0,
    )


def _uses(rotation: Rotation) -> list[SecretUse]:
    old, new = rotation.old, rotation.new
    assert old is not None and new is not None and rotation.ended_at is not None  # noqa: S101, PT018 - made above
    began, ended = rotation.started_at, rotation.ended_at
    silent = old.last_used_at or ended
    rising = falling(new.first_used_at or began, ended, 2, to=14)
    return [*spans(old, falling(began, silent, 12)), *spans(new, rising)]


def _sources(rotation: Rotation) -> list[SecretSource]:
    old, new = rotation.old, rotation.new
    assert old is not None and new is not None  # noqa: S101, PT018 - made above
    place = 10 + crc32(rotation.identity.name.encode()) % 200
    agent = f"{rotation.identity.name}/1.4"
    seen = (old.first_used_at or old.created_at, old.last_used_at or rotation.started_at)
    since = (new.first_used_at or new.created_at, new.last_used_at or rotation.looked_at)
    at = f"10.20.4.{place}"
    return [source(old, at, agent, seen, old.uses), source(new, at, agent, (since[0], max(since)), new.uses)]
