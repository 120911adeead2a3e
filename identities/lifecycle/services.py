"""Commands that cross rooms: onboard, enable, disable, retire; disable a person without harm to what he owned."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.access import secret_grants, services as access
from identities.credentials import keys, services as credentials
from identities.credentials.models import ClientSecret
from identities.credentials.selectors import live_keys, live_secrets
from identities.errors import Invalid
from identities.events import IdentityEvent
from identities.inventory import owners, services as inventory
from identities.inventory.facts import Facts
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.lifecycle import leavers, secrets
from identities.lifecycle.effects.base import Change, run_effects
from identities.lifecycle.secrets import Delivered, issue_secret
from identities.people import services as people
from identities.people.models import User
from identities.tokens import services as tokens
from identities.vaults.references import SecretReference

__all__ = [
    "Delivered",
    "Onboarded",
    "disable",
    "disable_person",
    "enable",
    "issue_secret",
    "onboard",
    "retire",
]

RETIRED = "The identity was retired."


@dataclass(frozen=True, slots=True)
class Onboarded:
    """A new identity, with the secret that was asked for; `secret_text` exists only in this value."""

    identity: ManagedIdentity
    secret: ClientSecret | None = None
    secret_text: str | None = None

    def __repr__(self) -> str:
        return f"Onboarded({self.identity!r})"


def onboard(
    *,
    tenant_id: UUID,
    facts: Facts,
    actor: Actor,
    issue_secret: bool = False,
    store_secret_at: SecretReference | None = None,
    source: str = "",
) -> Onboarded:
    """Enter an identity, with a secret if asked: shown once (`issue_secret`) or put into a vault (`store_secret_at`).

    Raises Invalid before anything is made (facts, reference, both ways at once). Where the vault itself fails, the
    identity stays, without a live secret, and Unavailable (`secret_not_stored`) names both. Call it outside a
    transaction.
    """
    if issue_secret and store_secret_at is not None:
        raise Invalid({"issue_secret": ["A secret put into a vault is not shown as well: leave one of the two out."]})
    secrets.check(store_secret_at, tenant_id=tenant_id, environment=str(facts.get("environment") or ""))
    with transaction.atomic():
        identity = inventory.create(tenant_id=tenant_id, facts=facts, actor=actor, source=source)
        if not issue_secret and store_secret_at is None:
            return Onboarded(identity=identity)
        stored_at = store_secret_at.as_json() if store_secret_at else None
        issued = credentials.issue(identity, actor=actor, stored_at=stored_at)
    delivered = secrets.deliver(issued, store_at=store_secret_at, actor=actor)
    return Onboarded(identity=identity, secret=delivered.secret, secret_text=delivered.text)


@transaction.atomic
def enable(identity: ManagedIdentity, *, reason: str, actor: Actor) -> ManagedIdentity:
    """Let it work again; tokens that died when it was disabled stay dead. Raises Invalid, Conflict."""
    return _move(identity, State.ACTIVE, Change.ENABLED, reason, actor)


@transaction.atomic
def disable(identity: ManagedIdentity, *, reason: str, actor: Actor) -> ManagedIdentity:
    """Stop it at once, reversibly: no token, no call, no run (promise 5: within five seconds everywhere).

    Its secrets and bindings stay for the day it is enabled. Raises Invalid without a reason, Conflict.
    """
    return _move(identity, State.DISABLED, Change.DISABLED, reason, actor)


@transaction.atomic
def retire(identity: ManagedIdentity, *, reason: str, actor: Actor) -> ManagedIdentity:
    """End it for good: its bindings end, its secrets and tokens die, its name is free; the row stays as evidence.

    Raises Invalid without a reason, Conflict if it is retired.
    """
    retired = _move(identity, State.RETIRED, Change.RETIRED, reason, actor)
    at = timezone.now()
    for secret in live_secrets(retired, at):
        credentials.revoke(secret, reason=RETIRED, actor=actor)
    for key in live_keys(retired, at):
        keys.revoke_key(key, reason=RETIRED, actor=actor)
    access.end_bindings_of(retired, reason=RETIRED, actor=actor)
    secret_grants.end_all_of(identity=retired, reason=RETIRED, actor=actor)
    return retired


@transaction.atomic
def disable_person(user: User, *, reason: str, actor: Actor) -> list[ManagedIdentity]:
    """Disable a person's account; no automation stops for it (S0-01).

    Answers the identities left without anybody who answers for them, each recorded as `identity.owner_lost`. Where they
    were shown secrets that still work, the ADMINs are told. A service user whose row is paused is stopped already,
    until the pause ends: its row is disabled then, and stays so.
    """
    if (paused := ManagedIdentity.objects.filter(account=user, state=State.PAUSED).first()) is not None:
        disable(paused, reason=reason, actor=actor)
        return []
    people.disable_user(user, reason=reason, actor=actor)
    leavers.tell_admins(user, at=timezone.now())
    by_team = Q(owner_team__members=user)
    held = ManagedIdentity.objects.filter(by_team) | owners.owned_by(user.pk)
    rows = held.exclude(state=State.RETIRED).select_related(*owners.ROLES, "owner_team").distinct()
    lost = [identity for identity in rows if owners.is_ownerless(identity)]
    for identity in lost:
        audit.record(
            IdentityEvent.OWNER_LOST,
            actor=actor,
            subject=subject_of(identity),
            reason=reason.strip(),
            details={"client_id": identity.client_id, "last_owner": user.email, "state": identity.state},
        )
    return lost


def _move(identity: ManagedIdentity, target: State, change: Change, reason: str, actor: Actor) -> ManagedIdentity:
    moved = inventory.set_state(identity, target=target, reason=reason, actor=actor)
    # Also when it is enabled: a token signed in the instant of the stop does not come back, and whoever follows the
    # revocation feed learns that it works again.
    tokens.kill_tokens(moved, actor=actor, reason=reason)
    run_effects(moved, change=change, reason=reason, actor=actor)
    return moved
