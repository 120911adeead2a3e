"""Run in processes of its own: `fill` a tenant and its campaign, `work` it off after its deadline, `check` by SQL."""

import json
import os
import sys
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
CHUNK = 1_000
#: One of so many was answered before the deadline.
ANSWERED = 10


def fill(number: int, *, is_prepared: bool) -> dict[str, Any]:
    """`number` identities of high tier in a campaign whose deadline has come; with `is_prepared` the product asks."""
    from django.utils import timezone

    from audit.actors import Actor
    from identities.inventory import bulk
    from identities.people.models import Tenant
    from identities.recertification import campaigns
    from identities.recertification.models import ReviewCampaign, ReviewItem

    actor, at, seconds = Actor.system("benchmarks"), timezone.now(), [0.0, 0.0]
    tenant = Tenant.objects.create(name=f"Bench {time.monotonic_ns()}", slug=f"bench-{time.monotonic_ns()}")
    facts = {"environment": "production", "purpose": "Is measured.", "risk_tier": "high"}
    for start in range(0, number, CHUNK):
        entries = [
            bulk.Entry(facts={"name": f"bot {one}", **facts}, source="aws/1", reported_by=("aws/1",))
            for one in range(start, min(start + CHUNK, number))
        ]
        bulk.enter_many(tenant_id=tenant.pk, entries=entries, actor=actor, at=at)
    due = at + timedelta(days=14)
    if is_prepared:
        campaign = campaigns.launch(tenant=tenant, name="Autumn", scope={}, due_at=due, actor=actor)
        began = time.monotonic(), time.process_time()
        while not campaigns.prepare(campaign, actor=actor):
            pass
        seconds = [time.monotonic() - began[0], time.process_time() - began[1]]
    else:
        campaign = ReviewCampaign.objects.create(tenant=tenant, name="Autumn", state="open", opened_at=at, due_at=due)
        rows = [ReviewItem(campaign=campaign, identity_id=pk, risk_tier="high") for pk in _ids(tenant.pk)]
        ReviewItem.objects.bulk_create(rows, batch_size=CHUNK)
    ids = list(ReviewItem.objects.filter(campaign=campaign).order_by("pk").values_list("pk", flat=True)[::ANSWERED])
    for start in range(0, len(ids), CHUNK):
        some = ReviewItem.objects.filter(pk__in=ids[start : start + CHUNK])
        some.update(state="decided", decision="certify", decided_at=at)
    ReviewCampaign.objects.filter(pk=campaign.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    return {"campaign": str(campaign.pk), "seconds": seconds[0], "cpu": seconds[1]}


def _ids(tenant_id: UUID) -> list[UUID]:
    from identities.inventory.models import ManagedIdentity

    return list(ManagedIdentity.objects.filter(tenant_id=tenant_id).values_list("pk", flat=True))


def work(campaign: str) -> dict[str, Any]:
    """Sweep as the queue does, round after round without its pauses, until the campaign is closed."""
    from django.utils import timezone

    from identities.recertification import silence
    from identities.recertification.models import ReviewCampaign

    while ReviewCampaign.objects.filter(pk=campaign).exclude(state="closed").exists():
        silence.sweep(timezone.now())
    return {"cpu": time.process_time()}


def check(campaign: str) -> dict[str, Any]:
    """By SQL alone: how many items were settled, and how many were not settled exactly once."""
    from django.db import connection

    is_sqlite = connection.vendor == "sqlite"
    which = campaign.replace("-", "") if is_sqlite else campaign
    mine = "FROM identities_reviewitem i JOIN identities_managedidentity m ON m.id = i.identity_id "
    mine += f"WHERE i.campaign_id = '{which}'"
    answers = "(SELECT count(*) FROM identities_reviewdecision d WHERE d.item_id = i.id)"
    parts = "||'-'||".join(f"substr(m.id, {at}, {long})" for at, long in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)))
    subject = parts if is_sqlite else "m.id::text"
    # Not by the index of types, which SQLite would take: nearly every event is of this one.
    events = "FROM audit_auditevent e WHERE e.type || '' = 'identity.disabled'"
    told = f"(SELECT count(*) {events} AND e.subject_id = {subject})"
    once = (
        f"i.state = 'silent' AND i.remediation_state = 'done' AND m.state = 'disabled' AND {answers} = 1 AND {told} = 1"
    )
    untouched = f"i.state = 'decided' AND m.state = 'active' AND {answers} = 0 AND {told} = 0"
    asked = {
        "items": f"SELECT count(*) {mine}",
        "settled": f"SELECT count(*) {mine} AND i.state = 'silent'",
        "faults": f"SELECT count(*) {mine} AND NOT ({once}) AND NOT ({untouched})",
    }
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for name, text in asked.items():
            cursor.execute(text)
            found[name] = cursor.fetchone()[0]
    return found


if __name__ == "__main__":
    django.setup()
    step, argument = sys.argv[1:3]
    made = (
        fill(int(argument), is_prepared=step == "prepare") if step in ("fill", "prepare") else globals()[step](argument)
    )
    sys.stdout.write(json.dumps(made) + "\n")
