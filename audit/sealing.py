"""The sealer: numbers what was recorded, links each record to the one before, under one lock."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from audit import chain, clock, eras, keys, links
from audit.links import COLUMNS, GRACE
from audit.models import AuditEvent, AuditSeal, SealHead

log = logging.getLogger(__name__)


def seal_pending(limit: int = 1000) -> int:
    """Seal up to `limit` events that committed since; how many it sealed.

    Numbers run 1, 2, 3 … without gap or fork however many sealers run: each waits for the head's row lock, and
    `seq` is unique. An event whose tag does not fit was not written by `record`: it is logged, left unsealed, and
    `verify` names it. While the chain stands under another key than ours, those who have that one seal (`eras`).
    """
    at = clock.now()
    if not _has_work(SealHead.present(), at):
        return 0
    with transaction.atomic():
        head = SealHead.locked()
        if not eras.is_ours(head):
            log.warning("audit.left_to_others", extra={"chain_key": head.key_id, "own_key": keys.key_id()})
            return 0
        # Asked before the pending events are read: what it covers is then sealed by this very pass.
        sweepable = _sweepable(head, at)
        seals = list(_linked(head, limit))
        AuditSeal.objects.bulk_create(seals, batch_size=500)
        if len(seals) < limit:
            head.swept_id = sweepable
        head.save(update_fields=["seq", "mac", "swept_id", "key_id"])
    return len(seals)


def seal_all(limit: int = 1000, rounds: int = 50) -> int:
    """`seal_pending` until nothing is left, at most `rounds` times: each is a transaction and a lock of its own."""
    total = 0
    for _ in range(rounds):
        sealed = seal_pending(limit)
        total += sealed
        if sealed < limit:
            break
    return total


def is_stuck(at: datetime) -> bool:
    """Whether a record waits for its seal for longer than anything takes."""
    head = SealHead.present()
    return bool(_pending(head).filter(recorded_at__lt=at - GRACE).exists())


def _linked(head: SealHead, limit: int) -> Iterator[AuditSeal]:
    key = links.chain_key()
    sealed = 0
    for values in _pending(head).values(*COLUMNS).order_by("id").iterator(chunk_size=1000):
        if sealed == limit:
            return
        if not links.is_genuine(values):
            log.error("audit.event_not_genuine", extra={"event_id": values["id"]})
            continue
        head.mac = chain.link(key, head.seq + 1, head.mac, links.covered(values))
        head.seq += 1
        sealed += 1
        yield AuditSeal(event_id=values["id"], seq=head.seq, mac=head.mac)


def _pending(head: SealHead) -> Any:
    return AuditEvent.objects.unsealed().filter(id__gt=head.swept_id)


def _has_work(head: SealHead, at: datetime) -> bool:
    settled = AuditEvent.objects.filter(id__gt=head.swept_id, recorded_at__lte=at - GRACE)
    return _pending(head).exists() or settled.exists()


def _sweepable(head: SealHead, at: datetime) -> int:
    newer = AuditEvent.objects.filter(id__gt=head.swept_id)
    settled = newer.filter(recorded_at__lte=at - GRACE)
    youngest = newer.filter(recorded_at__gt=at - GRACE).aggregate(found=Min("id"))["found"]
    if youngest is not None:
        settled = settled.filter(id__lt=youngest)
    # Never further than a row that is there: the ids between may belong to transactions still under way.
    return settled.aggregate(found=Max("id"))["found"] or head.swept_id
