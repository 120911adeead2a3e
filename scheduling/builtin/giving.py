"""How each tenant comes to a built-in: a workflow of one node, its schedule, and an identity that may do this alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.errors import DomainError
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.people.models import Tenant
from identities.people.selectors import active_admins
from identities.vaults.local import DEFAULT_URI
from identities.vaults.references import SecretReference
from scheduling.models import BUILT_IN, Schedule, Workflow
from scheduling.services import schedules, workflows
from scheduling.services.facts import Facts

log = structlog.get_logger(__name__)

#: A binding always ends. Before it does, the preflight of its schedule says so.
GRANTED = timedelta(days=365)
AT_ONCE = 20


@dataclass(frozen=True, kw_only=True)
class BuiltIn:
    """One thing that every tenant has from the start.

    `key` is that of the workflow, whose only node is called `step`, of kind `kind`. `identity` runs it with
    `permissions`, for `purpose`; its secret rests in the local vault under `secret_name`. `why` is said of the role.
    """

    key: str
    name: str
    step: str
    kind: str
    cron: str
    identity: str
    secret_name: str
    role: str
    why: str
    permissions: tuple[str, ...]
    purpose: str
    blast_radius: str
    privilege_level: str
    backoff_seconds: int = 300
    jitter_seconds: int = 300
    """Not all tenants in the same second."""

    @property
    def place(self) -> SecretReference:
        return SecretReference(provider="local", vault_uri=DEFAULT_URI, secret_name=self.secret_name)


def missing(built_in: BuiltIn, limit: int = AT_ONCE) -> list[Tenant]:
    """Some tenants that never had it; one that removed it has had it. One query.

    In no order: those where it cannot be made must not stand in the way of the others each time.
    """
    had = Schedule.objects.filter(created_by=BUILT_IN, workflow__key=built_in.key).values("tenant_id")
    return list(Tenant.objects.exclude(pk__in=had).order_by("?")[:limit])


def ensure(built_in: BuiltIn, limit: int = AT_ONCE) -> int:
    """Give it to those tenants, for how many it was done. Killed half-way, the next round finishes.

    A tenant where it cannot be made (its own rules for names refuse it) goes without, and the log says so.
    """
    made = 0
    for tenant in missing(built_in, limit):
        try:
            give(built_in, tenant, at=timezone.now())
            made += 1
        except DomainError as error:
            log.warning("built_in.refused", tenant=tenant.slug, name=built_in.key, reason=error.message)
    return made


def give(built_in: BuiltIn, tenant: Tenant, *, at: datetime) -> Schedule:
    """All of it for one tenant, each piece unless it is there. Call it outside a transaction."""
    actor = Actor.system(BUILT_IN, tenant.pk)
    identity = _identity(built_in, tenant, actor)
    _role(built_in, tenant, identity, at, actor)
    if not Workflow.objects.filter(tenant=tenant, key=built_in.key, deleted_at=None).exists():
        node = {"id": built_in.step, "kind": built_in.kind, "params": {}}
        content = workflows.Content(name=built_in.name, nodes=[node])
        workflows.create_workflow(tenant_id=tenant.pk, key=built_in.key, content=content, actor=actor)
    facts = Facts(
        workflow_id=built_in.key,
        name=built_in.name,
        cron_expression=built_in.cron,
        timezone="UTC",
        managed_identity_id=identity.pk,
        secret_reference=built_in.place.as_json(),
        max_attempts=3,
        backoff_seconds=built_in.backoff_seconds,
        jitter_seconds=built_in.jitter_seconds,
    )
    return schedules.create_schedule(tenant_id=tenant.pk, facts=facts, actor=actor)


def _identity(built_in: BuiltIn, tenant: Tenant, actor: Actor) -> ManagedIdentity:
    living = ManagedIdentity.objects.filter(tenant=tenant, name=built_in.identity).exclude(state=State.RETIRED)
    identity = living.first()
    if identity is None:
        identity = lifecycle.onboard(tenant_id=tenant.pk, facts=_facts(built_in, tenant), actor=actor).identity
    if not identity.secrets.filter(revoked_at=None).exists():
        lifecycle.issue_secret(identity, store_at=built_in.place, actor=actor)
    return identity


def _facts(built_in: BuiltIn, tenant: Tenant) -> Mapping[str, object]:
    """Its tenant's first administrator answers for it, until somebody else is named."""
    answers = active_admins(tenant.pk).order_by("created_at").values_list("email", flat=True).first()
    owners = {"technical_owner": answers, "business_owner": answers} if answers else {}
    return {
        "name": built_in.identity,
        "environment": "production",
        "purpose": built_in.purpose,
        "description": f"Built in. It is the identity of the schedule “{built_in.name}”.",
        "blast_radius": built_in.blast_radius,
        "privilege_level": built_in.privilege_level,
        "deprovisioning_trigger": "The built-in schedule is removed",
        **owners,
    }


def _role(built_in: BuiltIn, tenant: Tenant, identity: ManagedIdentity, at: datetime, actor: Actor) -> None:
    role = Role.objects.filter(tenant=tenant, name=built_in.role).first() or access.create_role(
        tenant=tenant,
        name=built_in.role,
        description=built_in.why,
        permissions=sorted(built_in.permissions),
        actor=actor,
    )
    if not identity.bindings.filter(role=role).exists():
        access.grant(identity, role, valid_until=at + GRANTED, reason=built_in.why, actor=actor)
