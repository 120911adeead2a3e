"""Each tenant's monthly rotation: a workflow, a schedule, and an identity of its own that may do this and no more."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.access.permissions import CREDENTIAL_ROTATE, WORKFLOW_EXECUTE
from identities.errors import DomainError
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.people.models import PortalRole, Tenant, User
from identities.vaults.local import DEFAULT_URI
from identities.vaults.references import SecretReference
from scheduling.models import BUILT_IN, Schedule, Workflow
from scheduling.services import schedules, workflows
from scheduling.services.facts import Facts

log = structlog.get_logger(__name__)

KEY = "steward-monthly-rotation"
NAME = "Rotate what rotates by itself"
IDENTITY = "steward-rotation"
ROLE = "Built-in: rotate secrets"
WHY = "Built in: secrets that rest in a vault are replaced before they are due."
#: A binding always ends. Before it does, the preflight of its schedule says so.
GRANTED = timedelta(days=365)
#: In the night of the first of each month, not all tenants in the same second.
CRON, JITTER = "15 3 1 * *", 300
PLACE = SecretReference(provider="local", vault_uri=DEFAULT_URI, secret_name="steward/rotation")  # noqa: S106 - a name
AT_ONCE = 20


def missing(limit: int = AT_ONCE) -> list[Tenant]:
    """Tenants that never had it; one that removed it has had it. One query."""
    had = Schedule.objects.filter(created_by=BUILT_IN, workflow__key=KEY).values("tenant_id")
    return list(Tenant.objects.exclude(pk__in=had).order_by("created_at", "pk")[:limit])


def ensure(limit: int = AT_ONCE) -> int:
    """Give it to those tenants, for how many it was done. Killed half-way, the next round finishes.

    A tenant where it cannot be made (its own rules for names refuse it) goes without, and the log says so.
    """
    made = 0
    for tenant in missing(limit):
        try:
            give(tenant, at=timezone.now())
            made += 1
        except DomainError as error:
            log.warning("built_in.refused", tenant=tenant.slug, name=KEY, reason=error.message)
    return made


def give(tenant: Tenant, *, at: datetime) -> Schedule:
    """All of it for one tenant, each piece unless it is there. Call it outside a transaction."""
    actor = Actor.system(BUILT_IN, tenant.pk)
    identity = _identity(tenant, actor)
    _role(tenant, identity, at, actor)
    workflow = Workflow.objects.filter(tenant=tenant, key=KEY, deleted_at=None).first()
    if workflow is None:
        content = workflows.Content(name=NAME, nodes=[{"id": "rotate", "kind": "rotate_due", "params": {}}])
        workflow = workflows.create_workflow(tenant_id=tenant.pk, key=KEY, content=content, actor=actor)
    facts = Facts(
        workflow_id=KEY,
        name=NAME,
        cron_expression=CRON,
        timezone="UTC",
        managed_identity_id=identity.pk,
        secret_reference=PLACE.as_json(),
        max_attempts=3,
        backoff_seconds=300,
        jitter_seconds=JITTER,
    )
    return schedules.create_schedule(tenant_id=tenant.pk, facts=facts, actor=actor)


def _identity(tenant: Tenant, actor: Actor) -> ManagedIdentity:
    living = ManagedIdentity.objects.filter(tenant=tenant, name=IDENTITY).exclude(state=State.RETIRED)
    identity = living.first() or lifecycle.onboard(tenant_id=tenant.pk, facts=_facts(tenant), actor=actor).identity
    if not identity.secrets.filter(revoked_at=None).exists():
        lifecycle.issue_secret(identity, store_at=PLACE, actor=actor)
    return identity


def _facts(tenant: Tenant) -> Mapping[str, object]:
    """Its tenant's first administrator answers for it, until somebody else is named."""
    admins = User.objects.filter(tenant=tenant, role=PortalRole.ADMIN, is_active=True).order_by("created_at")
    answers = admins.values_list("email", flat=True).first()
    owners = {"technical_owner": answers, "business_owner": answers} if answers else {}
    return {
        "name": IDENTITY,
        "environment": "production",
        "purpose": "Puts a new secret into the vault for every identity whose secret is due.",
        "description": "Built in. It is the identity of the schedule “Rotate what rotates by itself”.",
        "blast_radius": "write_limited",
        "privilege_level": "medium",
        "deprovisioning_trigger": "The built-in schedule is removed",
        **owners,
    }


def _role(tenant: Tenant, identity: ManagedIdentity, at: datetime, actor: Actor) -> None:
    role = Role.objects.filter(tenant=tenant, name=ROLE).first() or access.create_role(
        tenant=tenant, name=ROLE, description=WHY, permissions=[CREDENTIAL_ROTATE, WORKFLOW_EXECUTE], actor=actor
    )
    if not identity.bindings.filter(role=role).exists():
        access.grant(identity, role, valid_until=at + GRANTED, reason=WHY, actor=actor)
