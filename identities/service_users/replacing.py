"""Replacing a service user by a managed identity: both work, until the use has moved over and the account is disabled.

Who waits for whom: the account before identities, and the replacement last (`inventory.locks`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import services as audit
from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.credentials import services as credentials
from identities.credentials.services import Issued
from identities.errors import Conflict
from identities.events import ReplacementEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.owners import ROLES as OWNERS
from identities.inventory.vocabulary import Kind, OwnershipClass
from identities.lifecycle import placing, secrets, services as lifecycle
from identities.lifecycle.placing import Placed
from identities.people.actors import subject_of
from identities.people.models import User
from identities.service_users import replacement_roles, replacement_terms
from identities.service_users.models import Replacement
from identities.service_users.planning import LOOKED_BACK_DAYS
from identities.service_users.replacement_terms import LONGEST_REASON, Terms
from identities.vaults.references import SecretReference

#: So long the identity holds its role; long before that its day of review comes.
HELD_FOR = timedelta(days=365)
#: What the register says of the account and holds for whatever does its work.
_TAKEN_OVER = (
    "owner_team", "risk_tier", "data_classification", "business_criticality", "function", "trust_boundary",
    "expected_cadence", "repository", "business_unit", "application",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Begun:
    """What was made. `secret_text` is there only where it is to be shown, and exists only in this value."""

    replacement: Replacement
    identity: ManagedIdentity
    secret_text: str | None = field(default=None, repr=False)


@sensitive_variables("placed", "issued")
def begin(
    user: User,
    *,
    actor: Actor,
    reason: str,
    name: str = "",
    environment: str = "",
    permissions: Collection[str] | None = None,
    role: Role | None = None,
    quiet_hours: int | None = None,
    overdue_days: int | None = None,
    store_secret_at: SecretReference | None = None,
) -> Begun:
    """Make a managed identity that can do what `user` did, and let both work. Nothing of the account changes.

    Its role is the least one of `planning.plan`; `permissions` or a `role` of the tenant instead are a choice by hand.
    A role that permits exactly this is taken as it is. The secret is answered once, or put at `store_secret_at`: where
    the vault fails nothing was made. Silent members are as planned. Raises Invalid; Conflict for a person
    (`not_a_service_user`), a disabled account (`account_disabled`) and one that is being replaced already
    (`replacement_going_on`); what the vault raises. Call it outside a transaction.
    """
    terms = replacement_terms.settle(
        user,
        reason=reason,
        name=name,
        environment=environment,
        permissions=permissions,
        role=role,
        quiet_hours=quiet_hours,
        overdue_days=overdue_days,
    )
    placed: Placed | None = None
    if store_secret_at is not None:
        placed = placing.place(store_secret_at, tenant_id=user.tenant_id, environment=terms.environment, actor=actor)
    try:
        replacement, issued = _make(user, terms, placed, actor=actor)
    except IntegrityError as error:
        replacement_terms.check_none_goes_on(user)
        raise Conflict("Somebody else was faster: look again.", code="changed_since") from error
    text = secrets.deliver(issued, store_at=None, actor=actor).text if issued is not None else None
    return Begun(replacement, replacement.identity, text)


@transaction.atomic
def _make(user: User, terms: Terms, placed: Placed | None, *, actor: Actor) -> tuple[Replacement, Issued | None]:
    account = User.objects.select_for_update(no_key=True, of=("self",)).select_related("tenant").get(pk=user.pk)
    replacement_terms.check_able(account)
    role = terms.role or replacement_roles.role_for(account, terms.permissions, name=terms.name, actor=actor)
    facts, source = _facts(account, terms), f"replaces {account.email}"
    identity = lifecycle.onboard(tenant_id=account.tenant_id, facts=facts, actor=actor, source=source).identity
    at = timezone.now()
    why = f"Replaces {account.email}: {' '.join(terms.reason.split())}"[:LONGEST_REASON]
    access.grant(identity, role, valid_until=at + HELD_FOR, reason=why, actor=actor)
    issued = None
    if placed is not None:
        placing.take_up(identity, placed, actor=actor)
    else:
        issued = credentials.issue(identity, actor=actor)
    return _write(account, identity, role, terms, at=at, actor=actor), issued


def _write(
    account: User, identity: ManagedIdentity, role: Role, terms: Terms, *, at: datetime, actor: Actor
) -> Replacement:
    replacement = Replacement.objects.create(
        tenant_id=account.tenant_id,
        account=account,
        identity=identity,
        role=role,
        permissions=list(terms.permissions),
        not_covered=terms.not_covered(),
        looked_back_days=LOOKED_BACK_DAYS,
        quiet_hours=terms.quiet_hours,
        reason=terms.reason,
        begun_by=actor.label,
        begun_at=at,
        overdue_at=at + timedelta(days=terms.overdue_days),
    )
    details = facts_of(replacement) | {"role": role.name, "permissions": list(terms.permissions)}
    subject = subject_of(account)
    audit.record(ReplacementEvent.BEGUN, actor=actor, subject=subject, reason=terms.reason, details=details)
    return replacement


def facts_of(replacement: Replacement) -> dict[str, object]:
    """What every event of a replacement names."""
    identity = replacement.identity
    return {
        "replacement_id": str(replacement.pk),
        "identity_id": str(identity.pk),
        "client_id": identity.client_id,
    }


def _facts(account: User, terms: Terms) -> Mapping[str, Any]:
    """What the register says of the account, as far as it holds for the identity; its rights are other ones."""
    row = terms.plan.register_row
    kept = {name: value for name in _TAKEN_OVER if (value := getattr(row, name, None))}
    # Somebody who cannot answer any more is not handed on.
    owners = {name: person.pk for name in OWNERS if (person := getattr(row, name, None)) and _can_answer(person)}
    privilege, radius = replacement_roles.privileges(terms.permissions)
    return {
        **kept,
        **owners,
        "name": terms.name,
        "environment": terms.environment,
        "kind": Kind.WORKLOAD.value,
        "ownership_class": OwnershipClass.WORKLOAD.value,
        "purpose": (row.purpose if row is not None else "") or f"Does what {account.email} did.",
        "privilege_level": privilege.value,
        "blast_radius": radius.value,
        "deprovisioning_trigger": f"The end of what {account.email} was made for.",
        "tags": {"replaces": account.email},
    }


def _can_answer(person: User) -> bool:
    return person.is_active and not person.is_agent
