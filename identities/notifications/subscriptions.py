"""Subscriptions: who wants to hear of what, and by which way."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit import changes as changes_of, services as audit
from audit.actors import Actor, Subject
from identities.access.matrix import Duty, Reach, may, reach
from identities.errors import Conflict, Invalid, Missing, Refused
from identities.events import SubscriptionEvent
from identities.inventory.vocabulary import Environment, RiskTier
from identities.notifications import reading, vocabulary
from identities.notifications.models import Audience, Channel, Subscription
from identities.people.models import User

LONGEST_DIGEST = 1440
FACTS = (
    "name",
    "types",
    "tiers",
    "environments",
    "audience",
    "person_id",
    "channel_id",
    "digest_minutes",
    "is_enabled",
)
MEMBERS = frozenset(FACTS)
SELF_ONLY = "Only oneself may be subscribed, and to no channel"


@transaction.atomic
def create(*, tenant_id: UUID, by: User | None, actor: Actor, **facts: Any) -> Subscription:
    """Subscribe. Takes `name types tiers environments audience person_id channel_id digest_minutes is_enabled`.

    `by` is the account that asks: without the duty to govern it may subscribe itself alone (Refused otherwise, member
    of nothing), and without the duty to report not at all. Raises `Invalid` naming the member, `Conflict`.
    """
    row = Subscription(tenant_id=tenant_id, created_by=actor.label[:254], created_by_id=str(actor.id)[:64])
    _put(row, facts, by)
    _save(row)
    reading.begin(timezone.now())
    changes = changes_of.between({}, _facts(row))
    audit.record(SubscriptionEvent.CREATED, actor=actor, subject=subject_of(row), changes=changes)
    return row


@transaction.atomic
def change(subscription: Subscription, *, by: User | None, actor: Actor, **facts: Any) -> Subscription:
    """Change what is given. Who governs nothing changes only what tells themselves. Raises as `create` does."""
    held = _locked(subscription)
    check_own(held, by)
    before = _facts(held)
    _put(held, facts, by)
    if changes := changes_of.between(before, _facts(held)):
        _save(held)
        audit.record(SubscriptionEvent.CHANGED, actor=actor, subject=subject_of(held), changes=changes)
    return held


@transaction.atomic
def remove(subscription: Subscription, *, by: User | None, reason: str = "", actor: Actor) -> None:
    """End it. What already waits to be sent is sent."""
    held = _locked(subscription)
    check_own(held, by)
    subject, before = subject_of(held), _facts(held)
    held.delete()
    changes = changes_of.between(before, {})
    audit.record(SubscriptionEvent.REMOVED, actor=actor, subject=subject, reason=reason.strip(), changes=changes)


def check_own(subscription: Subscription, by: User | None) -> None:
    """Refused unless `by` governs, or the subscription tells them alone."""
    if not _governs(by) and (by is None or not is_own(subscription, by.pk)):
        raise Refused(SELF_ONLY)


def is_own(subscription: Subscription, user_id: UUID | None) -> bool:
    """Whether it tells this person, and nobody else."""
    return subscription.audience == Audience.PERSON and user_id is not None and subscription.person_id == user_id


def subject_of(subscription: Subscription) -> Subject:
    """The subscription as the audit names it."""
    return Subject("subscription", str(subscription.pk), subscription.name, subscription.tenant_id)


def _put(row: Subscription, facts: dict[str, Any], by: User | None) -> None:
    if unknown := set(facts) - MEMBERS:
        raise TypeError(f"no member of a subscription: {sorted(unknown)}")
    for name, value in facts.items():
        setattr(row, name, value)
    row.name = " ".join(str(row.name).split())
    if not 1 <= len(row.name) <= 120:
        raise Invalid({"name": ["must be 1 to 120 characters"]})
    row.types = vocabulary.check(row.types)
    row.tiers = _among("tiers", row.tiers, RiskTier.values)
    row.environments = _among("environments", row.environments, Environment.values)
    if not 0 <= row.digest_minutes <= LONGEST_DIGEST:
        raise Invalid({"digest_minutes": [f"must be 0 to {LONGEST_DIGEST}"]})
    _check_way(row, by)


def _check_way(row: Subscription, by: User | None) -> None:
    if row.audience not in Audience.values:
        raise Invalid({"audience": [f"must be one of {', '.join(Audience.values)}"]})
    if row.audience != Audience.PERSON:
        row.person = None
    if row.audience == Audience.NOBODY and row.channel_id is None:
        raise Invalid({"channel_id": ["is required where nobody is told"]})
    if not _governs(by) and (by is None or not may(by.role, Duty.REPORT) or not _is_for(row, by)):
        raise Refused(SELF_ONLY)
    if row.audience == Audience.PERSON and not _person_of(row):
        raise Invalid({"person_id": ["There is no such person."]})
    if row.channel_id is not None and not Channel.objects.filter(pk=row.channel_id, tenant_id=row.tenant_id).exists():
        raise Invalid({"channel_id": ["There is no such channel."]})


def _is_for(row: Subscription, by: User) -> bool:
    return is_own(row, by.pk) and row.channel_id is None and row.tenant_id == by.tenant_id and not by.is_agent


def _person_of(row: Subscription) -> bool:
    if row.person_id is None:
        return False
    return User.objects.filter(pk=row.person_id, tenant_id=row.tenant_id, is_active=True, is_agent=False).exists()


def _governs(by: User | None) -> bool:
    return by is not None and reach(by.role, Duty.GOVERN) is not Reach.NONE


def _among(member: str, given: Any, allowed: Collection[str]) -> list[str]:
    if not isinstance(given, list | tuple) or any(value not in allowed for value in given):
        raise Invalid({member: [f"must be among {', '.join(allowed)}"]})
    return list(dict.fromkeys(given))


def _facts(row: Subscription) -> dict[str, Any]:
    return {name: str(value) if isinstance(value := getattr(row, name), UUID) else value for name in FACTS}


def _locked(subscription: Subscription) -> Subscription:
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",)).filter(pk=subscription.pk)
    held = rows.first()
    if held is None:
        raise Missing("There is no such subscription")
    return held


def _save(row: Subscription) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict("There is already a subscription with this name", code="subscription_exists") from None
