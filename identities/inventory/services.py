"""Commands on the register: create an identity, change its facts, move its state."""

from collections.abc import Mapping
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import IdentityEvent
from identities.inventory import facts as register
from identities.inventory.cadence import review_by
from identities.inventory.client_ids import new_client_id
from identities.inventory.facts import Facts
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become
from identities.inventory.subjects import subject_of

_EVENTS = {
    State.ACTIVE: IdentityEvent.ENABLED,
    State.DISABLED: IdentityEvent.DISABLED,
    State.RETIRED: IdentityEvent.RETIRED,
}


@transaction.atomic
def create(
    *, tenant_id: UUID, facts: Facts, actor: Actor, provenance: Mapping[str, object] | None = None
) -> ManagedIdentity:
    """Enter an identity: active, without owner, role or secret unless `facts` name an owner (S0-05, S0-15).

    Nothing comes to it from `actor`. Raises Invalid for facts that do not fit and for a name already taken.
    """
    now = timezone.now()
    if missing := [name for name in register.REQUIRED if facts.get(name) in (None, "")]:
        raise Invalid({name: ["This member is required."] for name in missing})
    identity = ManagedIdentity(
        tenant_id=tenant_id,
        client_id=new_client_id(),
        state=State.ACTIVE.value,
        state_changed_at=now,
        created_at=now,
        created_by=actor.label,
        provenance=dict(provenance or {"source": "portal"}),
    )
    register.apply(identity, facts)
    if identity.review_by is None:
        identity.review_by = review_by(identity.risk_tier, today=now.date())
    _save(identity)
    audit.record(
        IdentityEvent.CREATED,
        actor=actor,
        subject=subject_of(identity),
        changes=changes.made(
            {name: value for name, value in register.snapshot(identity).items() if value not in (None, "", {}, False)}
        ),
        details={"client_id": identity.client_id},
    )
    return identity


@transaction.atomic
def change(identity: ManagedIdentity, *, facts: Facts, actor: Actor, reason: str = "") -> ManagedIdentity:
    """Change the named facts and leave the rest. Raises Invalid, or Conflict for a retired identity."""
    locked = lock(identity)
    if locked.state == State.RETIRED:
        raise Conflict(f"Managed identity '{locked.name}' is retired.", code="identity_retired")
    before = register.snapshot(locked)
    register.apply(locked, facts)
    found = changes.between(before, register.snapshot(locked))
    _save(locked)
    if found:
        audit.record(
            IdentityEvent.CHANGED, actor=actor, subject=subject_of(locked), reason=reason.strip(), changes=found
        )
    return locked


@transaction.atomic
def set_state(identity: ManagedIdentity, *, target: State, reason: str, actor: Actor) -> ManagedIdentity:
    """Move to `target`. Only the row: secrets, bindings, tokens and effects are lifecycle's.

    Raises Invalid without a reason, Conflict where there is no such move.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = lock(identity)
    previous = State(locked.state)
    if not may_become(previous, target):
        raise Conflict(
            f"Managed identity '{locked.name}' is {previous}: it cannot become {target}.", code="wrong_state"
        )
    locked.state, locked.state_reason, locked.state_changed_at = target.value, reason.strip(), timezone.now()
    locked.save(update_fields=["state", "state_reason", "state_changed_at", "updated_at"])
    audit.record(
        _EVENTS[target],
        actor=actor,
        subject=subject_of(locked),
        reason=locked.state_reason,
        changes=changes.between({"state": previous.value}, {"state": target.value}),
        details={"client_id": locked.client_id},
    )
    return locked


def lock(identity: ManagedIdentity) -> ManagedIdentity:
    """The row as it is now, held until the caller's transaction ends."""
    return ManagedIdentity.objects.select_for_update().get(pk=identity.pk)


def _save(identity: ManagedIdentity) -> None:
    if _is_taken(identity):
        raise Invalid({"name": ["An identity of this tenant has this name."]}, code="name_taken")
    try:
        with transaction.atomic():
            identity.save()
    except IntegrityError as error:
        if not _is_taken(identity):
            raise
        raise Invalid({"name": ["An identity of this tenant has this name."]}, code="name_taken") from error


def _is_taken(identity: ManagedIdentity) -> bool:
    others = ManagedIdentity.objects.filter(tenant_id=identity.tenant_id, name__iexact=identity.name)
    return others.exclude(state=State.RETIRED).exclude(pk=identity.pk).exists()
