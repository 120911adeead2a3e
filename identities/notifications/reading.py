"""The reader: goes along the audit in the order of its seals and tells those who want to know, each event once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Prefetch, Q

from audit.models import AuditEvent, SealHead
from identities.inventory.models import ManagedIdentity
from identities.notifications import builtin, queueing, telling, vocabulary
from identities.notifications.concerns import base as concerns
from identities.notifications.models import Audience, Reading, Subscription
from identities.notifications.whom import RELATED, Whom
from identities.people.models import User

#: So many events that somebody wants to hear of, and so many seals, in one transaction.
BITE, STRETCH = 200, 20_000
ROUNDS = 20
#: What of an event is told of; its changes are not.
_UNREAD = ("changes", "tag")


def read_on(at: datetime, *, rounds: int = ROUNDS) -> int:
    """Tell of what was sealed since the last round; answers how many events somebody wanted to hear of.

    The order is that of the seals: ids do not follow commits. The cursor moves in the transaction that leaves the
    notices and deliveries, under its row's lock, so that each event counts once however many read. The first reading
    ever begins at the end. Where nothing is new: two queries; where nobody wants to hear of what is: five.
    """
    told = 0
    for _ in range(rounds):
        bite = _bite(at)
        if bite is None:
            break
        told += bite
    return told


def begin(at: datetime) -> None:
    """Have the reading begin here, unless it has begun: who subscribes before its first round misses nothing."""
    if not Reading.objects.filter(pk=1).exists():
        Reading.objects.bulk_create([Reading(pk=1, seq=_head(), read_at=at)], ignore_conflicts=True)


def _head() -> int:
    return SealHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0


def _bite(at: datetime) -> int | None:
    head = _head()
    reading = Reading.objects.filter(pk=1).first()
    if reading is None:
        begin(at)
        return None
    return _take(head, at) if reading.seq < head else None


@transaction.atomic
def _take(head: int, at: datetime) -> int | None:
    skip = connection.features.has_select_for_update_skip_locked
    held = Reading.objects.select_for_update(no_key=True, skip_locked=skip).filter(pk=1, seq__lt=head).first()
    if held is None:
        return None
    upto = min(head, held.seq + STRETCH)
    subscriptions = list(_subscriptions())
    events = _events(held.seq, upto, subscriptions)
    if len(events) == BITE:
        upto = events[-1].seal.seq
    if events:
        _tell(events, subscriptions, at)
    held.seq, held.read_at = upto, at
    held.save(update_fields=["seq", "read_at"])
    return len(events)


def _subscriptions() -> Sequence[Subscription]:
    rows = Subscription.objects.filter(is_enabled=True).select_related("person", "channel")
    return list(rows.order_by("pk"))


def _events(after: int, upto: int, subscriptions: Sequence[Subscription]) -> list[AuditEvent]:
    rules = [rule.types for rule in builtin.ALL if not rule.is_told_there]
    wanted = vocabulary.those_of({word for types in rules for word in types}) & Q(tenant_id__isnull=False)
    by_tenant: dict[UUID, set[str]] = {}
    for subscription in subscriptions:
        by_tenant.setdefault(subscription.tenant_id, set()).update(subscription.types)
    for tenant_id, types in by_tenant.items():
        wanted |= vocabulary.those_of(types) & Q(tenant_id=tenant_id)
    rows = AuditEvent.objects.filter(wanted, seal__seq__gt=after, seal__seq__lte=upto)
    return list(rows.select_related("seal").defer(*_UNREAD).order_by("seal__seq")[:BITE])


def _tell(events: Sequence[AuditEvent], subscriptions: Sequence[Subscription], at: datetime) -> None:
    concerned, whom = _concerned(events), Whom()
    for event in events:
        identities = concerned.get(event.uuid, [])
        for rule in builtin.ALL:
            if rule.hears(event):
                telling.built_in(rule, event, identities, whom)
        for subscription in subscriptions:
            if wants(subscription, event, identities):
                _tell_one(subscription, event, identities, whom, at)


def _tell_one(
    subscription: Subscription, event: AuditEvent, identities: list[ManagedIdentity], whom: Whom, at: datetime
) -> None:
    if subscription.audience != Audience.NOBODY:
        telling.subscribed(subscription, event, identities, whom)
    if subscription.channel is not None and subscription.channel.is_enabled:
        queueing.queue(subscription, event, at)


def wants(subscription: Subscription, event: AuditEvent, identities: Sequence[ManagedIdentity]) -> bool:
    """Whether a subscription means this event: its tenant, its type, and the tier and environment of an identity."""
    if subscription.tenant_id != event.tenant_id or not vocabulary.hears(subscription.types, event.type):
        return False
    if not (subscription.tiers or subscription.environments):
        return True
    return any(
        (not subscription.tiers or identity.risk_tier in subscription.tiers)
        and (not subscription.environments or identity.environment in subscription.environments)
        for identity in identities
    )


def _concerned(events: Sequence[AuditEvent]) -> Mapping[UUID, list[ManagedIdentity]]:
    """The identities of each event, with those who answer for them; never one of another tenant."""
    ids: dict[UUID, set[UUID]] = {}
    for kind in sorted(concerns.kinds):
        for uuid, found in concerns.kinds[kind]().identities(events).items():
            ids.setdefault(uuid, set()).update(found)
    wanted = {key for found in ids.values() for key in found}
    members = Prefetch("owner_team__members", queryset=User.objects.order_by("email"))
    rows = ManagedIdentity.objects.select_related(*RELATED).prefetch_related(members).filter(pk__in=wanted)
    known = {row.pk: row for row in rows} if wanted else {}
    return {
        event.uuid: [
            row
            for key in sorted(ids.get(event.uuid, ()))
            if (row := known.get(key)) is not None and row.tenant_id == event.tenant_id
        ]
        for event in events
    }
