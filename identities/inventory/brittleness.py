"""Brittle: an identity whose consumers failed to follow a rotation; the next one wants a person's eye (S4-37)."""

from audit import changes, services as audit
from audit.actors import Actor
from identities.events import IdentityEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of


def mark(identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
    """It did not cut over, for `reason`; said again, the newest reason stands. The caller holds the row."""
    _set(identity, is_brittle=True, reason=reason, event=IdentityEvent.BRITTLE, actor=actor)


def clear(identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
    """It did cut over. Nothing happens to one that was not brittle."""
    if identity.brittle:
        _set(identity, is_brittle=False, reason=reason, event=IdentityEvent.BRITTLE_CLEARED, actor=actor)


def _set(identity: ManagedIdentity, *, is_brittle: bool, reason: str, event: IdentityEvent, actor: Actor) -> None:
    before = {"brittle": identity.brittle}
    identity.brittle, identity.brittle_reason = is_brittle, reason if is_brittle else ""
    identity.save(update_fields=["brittle", "brittle_reason", "updated_at"])
    audit.record(
        event,
        actor=actor,
        subject=subject_of(identity),
        reason=reason,
        changes=changes.between(before, {"brittle": is_brittle}),
        details={"client_id": identity.client_id},
    )
