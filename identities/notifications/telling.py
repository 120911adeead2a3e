"""Telling people: a notice each, counted where the same thing happens again on the same day, gathered where asked."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from audit.actors import Subject
from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.notifications.builtin import BuiltIn
from identities.notifications.models import Subscription
from identities.notifications.whom import Whom, may_hear
from identities.people import notices
from identities.people.models import User

KIND = "subscription"


def built_in(rule: BuiltIn, event: AuditEvent, identities: list[ManagedIdentity], whom: Whom) -> int:
    """Tell what Steward tells by itself; once a day for each identity, the rest of the day counted."""
    tenant_id = event.tenant_id
    if tenant_id is None:
        return 0
    told = 0
    each: list[ManagedIdentity | None] = [*identities] or [None]
    for identity in each:
        concerned = [identity] if identity else []
        told += notices.tell_again(
            whom.people((rule.audience, *rule.also), concerned, tenant_id),
            tenant_id=tenant_id,
            kind=rule.key,
            key=_key(rule.key, str(identity.pk) if identity else event.subject_id, _day(event)),
            subject=rule.subject(event, identity),
            text=rule.explains(event),
            about=_about(event, identity),
        )
    return told


def subscribed(subscription: Subscription, event: AuditEvent, identities: list[ManagedIdentity], whom: Whom) -> int:
    """Tell the people of a subscription: each thing once a day, or with `digest_minutes` all of a while together."""
    if event.tenant_id is None:
        return 0
    people = whom.people((subscription.audience,), identities, event.tenant_id, subscription.person)
    able = [person for person in people if may_hear(person, event, identities)]
    if not able:
        return 0
    if subscription.digest_minutes:
        return _gather(subscription, event, able)
    identity = identities[0] if identities else None
    return notices.tell_again(
        able,
        tenant_id=event.tenant_id,
        kind=KIND,
        key=_key(str(subscription.pk), event.type, str(identity.pk) if identity else event.subject_id, _day(event)),
        subject=headline(event),
        text=_line(event),
        about=_about(event, identity),
    )


def headline(event: AuditEvent) -> str:
    """The event in one line: what happened to what."""
    subject, _, happened = event.type.partition(".")
    said = f"{subject} {happened}".replace("_", " ").replace(".", " ")
    return f"{event.subject_label or event.subject_id}: {said}"[:200]


def _gather(subscription: Subscription, event: AuditEvent, people: list[User]) -> int:
    minutes = subscription.digest_minutes
    window = int(event.recorded_at.timestamp()) // (minutes * 60)
    ends = datetime.fromtimestamp((window + 1) * minutes * 60, UTC)
    return notices.tell_again(
        people,
        tenant_id=subscription.tenant_id,
        kind=KIND,
        key=_key(str(subscription.pk), str(minutes), str(window)),
        subject=f"{subscription.name}: what happened until {ends:%d %b %H:%M} UTC",
        text=f"{event.recorded_at:%H:%M} {headline(event)}. {_line(event)}".strip(),
        about=Subject("subscription", str(subscription.pk), subscription.name, subscription.tenant_id),
        gathers=True,
        mail_at=ends + timedelta(seconds=1),
    )


def _line(event: AuditEvent) -> str:
    by = f"By {event.actor_label}." if event.actor_label else ""
    return f"{' '.join(event.reason.split())[:300]} {by}".strip()


def _about(event: AuditEvent, identity: ManagedIdentity | None) -> Subject:
    if identity is not None:
        return subject_of(identity)
    return Subject(event.subject_kind[:32], event.subject_id, event.subject_label, event.tenant_id)


def _day(event: AuditEvent) -> str:
    return f"{event.recorded_at:%Y%m%d}"


def _key(kind: str, *parts: str) -> str:
    """One key for one thing, whatever its ids look like and however long they are."""
    return f"{kind}:{sha256('/'.join(parts).encode()).hexdigest()[:40]}"
