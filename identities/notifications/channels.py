"""Channels: made, changed, tested, removed. Their secrets go in and never come out."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import changes as changes_of, services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities.errors import Conflict, Invalid, Missing, Unavailable
from identities.events import ChannelEvent
from identities.notifications import secret_box
from identities.notifications.models import Channel
from identities.notifications.opening import opened, test_message
from identities.notifications.sinks.base import SinkFailed
from identities.notifications.sinks.register import sink_class
from identities.vaults import sealed_box
from identities.vaults.secret_text import SecretText

FACTS = ("name", "kind", "settings", "is_enabled")
TEST_REASON = "A test was asked for"


@sensitive_variables("secret", "kept")
def create(
    *,
    tenant_id: UUID,
    name: str,
    kind: str,
    settings: Mapping[str, Any] | None = None,
    secret: str | None = None,
    actor: Actor,
) -> tuple[Channel, SecretText | None]:
    """Register a channel. Beside it the secret that was made for it, shown now and never again, where its kind has one.

    Raises `Invalid` (`name`, `kind`, `settings`, `secret`), `Conflict`. Nothing is sent: `test` does that.
    """
    sink = sink_class(kind)
    channel = Channel(tenant_id=tenant_id, kind=kind, name=_name(name), created_by=actor.label[:254])
    channel.settings = sink.Settings.from_json(settings or {}).as_json()
    if sink.makes_secret and secret:
        raise Invalid({"secret": ["is made by Steward and shown once"]})
    made = sink.fresh_secret() if sink.makes_secret else None
    kept = made or _given(channel, secret)
    if sink.secret_label and kept is None:
        raise Invalid({"secret": [f"is required: {sink.secret_label.lower()}"]})
    if kept is not None:
        secret_box.put(channel, kept)
    with transaction.atomic():
        _save(channel)
        changes = changes_of.between({}, _facts(channel))
        audit.record(ChannelEvent.CREATED, actor=actor, subject=subject_of(channel), changes=changes)
    return channel, made


@sensitive_variables("secret", "given")
def change(
    channel: Channel,
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    secret: str | None = None,
    is_enabled: bool | None = None,
    actor: Actor,
) -> Channel:
    """Change what is given; `settings` replaces them whole. While off it keeps what waits."""
    with transaction.atomic():
        held = _locked(channel)
        before = _facts(held)
        held.name = held.name if name is None else _name(name)
        if settings is not None:
            held.settings = sink_class(held.kind).Settings.from_json(settings).as_json()
        if is_enabled is not None:
            held.is_enabled = is_enabled
        changes = changes_of.between(before, _facts(held))
        if (given := _given(held, secret)) is not None:
            secret_box.put(held, given)
            changes["secret_status"] = {"previous": "set", "current": "replaced"}
        if changes:
            _save(held)
            audit.record(ChannelEvent.CHANGED, actor=actor, subject=subject_of(held), changes=changes)
    return held


@transaction.atomic
def rotate_secret(channel: Channel, *, actor: Actor) -> tuple[Channel, SecretText]:
    """Make a new signing secret, shown now and never again; for a day the old one signs beside it.

    Raises Conflict (`no_own_secret`) for a kind whose secret Steward does not make: that is given anew by `change`.
    """
    held, at = _locked(channel), timezone.now()
    sink = sink_class(held.kind)
    if not sink.makes_secret:
        raise Conflict("Steward makes no secret for this kind of channel; give it another one", code="no_own_secret")
    fresh, before = sink.fresh_secret(), _in_force(held)
    secret_box.put(held, fresh, previous=before[0] if before else None, until=at + secret_box.OVERLAP)
    _save(held)
    changes = {"secret_status": {"previous": "set", "current": "replaced"}}
    details = {"both_sign_until": (at + secret_box.OVERLAP).isoformat()}
    audit.record(ChannelEvent.CHANGED, actor=actor, subject=subject_of(held), changes=changes, details=details)
    return held, fresh


def test(channel: Channel, *, actor: Actor) -> Channel:
    """Send one message that says it is a test, now and once. Uses the network: call it outside of transactions.

    Recorded before it leaves, and again where it does not arrive: Unavailable (`channel_failed`) then says why.
    """
    with transaction.atomic():
        audit.record(ChannelEvent.TESTED, actor=actor, subject=subject_of(channel), reason=TEST_REASON)
    try:
        opened(channel).send(test_message(channel))
    except SinkFailed as failed:
        with transaction.atomic():
            Channel.objects.filter(pk=channel.pk).update(last_problem=str(failed))
            audit.record(
                ChannelEvent.TESTED,
                actor=actor,
                subject=subject_of(channel),
                outcome=Outcome.FAILURE,
                reason=str(failed),
            )
        raise Unavailable(str(failed), code="channel_failed") from None
    Channel.objects.filter(pk=channel.pk).update(last_problem="", last_sent_at=timezone.now())
    channel.refresh_from_db()
    return channel


@transaction.atomic
def remove(channel: Channel, *, reason: str = "", actor: Actor) -> None:
    """Forget a channel with its secret and what was to be sent there. Conflict while a subscription names it."""
    held = _locked(channel)
    if held.subscriptions.exists():
        raise Conflict("A subscription sends to this channel; remove that first", code="channel_in_use")
    subject, before = subject_of(held), _facts(held)
    dropped, _ = held.deliveries.all().delete()
    held.delete()
    changes, details = changes_of.between(before, {}), {"deliveries": dropped}
    audit.record(
        ChannelEvent.REMOVED, actor=actor, subject=subject, reason=reason.strip(), changes=changes, details=details
    )


def subject_of(channel: Channel) -> Subject:
    """The channel as the audit names it."""
    return Subject("channel", str(channel.pk), channel.name, channel.tenant_id)


def _facts(channel: Channel) -> dict[str, Any]:
    return {name: getattr(channel, name) for name in FACTS}


def _name(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > 120 or not wanted.isprintable():
        raise Invalid({"name": ["must be 1 to 120 characters"]})
    return wanted


@sensitive_variables("secret")
def _given(channel: Channel, secret: str | None) -> SecretText | None:
    if not secret:
        return None
    sink = sink_class(channel.kind)
    if not sink.secret_label:
        raise Invalid({"secret": ["this kind of channel is given none"]})
    return SecretText(sink.check_secret(secret))


def _in_force(channel: Channel) -> list[SecretText]:
    try:
        return secret_box.opened(channel, timezone.now())
    except sealed_box.CannotOpen:
        return []


def _locked(channel: Channel) -> Channel:
    held = Channel.objects.select_for_update(no_key=True, of=("self",)).filter(pk=channel.pk).first()
    if held is None:
        raise Missing("There is no such channel")
    return held


def _save(channel: Channel) -> None:
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError:
        raise Conflict("There is already a channel with this name", code="channel_exists") from None
