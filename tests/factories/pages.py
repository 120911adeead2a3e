"""What the tests of the admin's pages look at: one tenant with something of every kind, and people who sign in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.utils import quote
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from audit.models import AuditEvent
from identities.access.models import GrantState, Role, RoleBinding, SecretGrant
from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Team, Tenant, User
from identities.policies import services as policies
from identities.policies.models import AuthorizationDecision, ResourcePolicy
from identities.vaults.models import VaultConnection
from scheduling.models import RunState, RunStep, Schedule, ScheduleRun, StepState, Workflow
from tests.factories import people, runs, tokens

SYSTEM = Actor.system("tests")
POLICY = '@id("no-nights") @reason("Not at night") forbid (principal, action, resource) when { context.hour < 6 };'


@dataclass(frozen=True)
class Estate:
    """One row of every kind that has pages, all of `tenant`; each name carries `mark`."""

    tenant: Tenant
    mark: str
    team: Team
    person: User
    identity: ManagedIdentity
    secret: ClientSecret
    role: Role
    binding: RoleBinding
    grant: SecretGrant
    policy: ResourcePolicy
    vault: VaultConnection
    workflow: Workflow
    schedule: Schedule
    run: ScheduleRun
    event: AuditEvent
    decision: AuthorizationDecision

    @property
    def rows(self) -> list[Any]:
        """Everything with a page of its own."""
        return [
            self.team, self.person, self.identity, self.role, self.binding, self.grant, self.policy, self.vault,
            self.workflow, self.schedule, self.run, self.event, self.decision, self.tenant,
        ]  # fmt: skip


def estate(mark: str = "harbour") -> Estate:
    """Made once a test; `mark` stands in every name, so that a page of another tenant can be searched for it."""
    tenant = people.tenant(f"{mark} company")
    person = people.person(of=tenant, email=f"{mark.lower()}@example.com")
    team = people.team(person, of=tenant, name=f"{mark} team")
    bot = tokens.bot(of=tenant, name=f"{mark}-bot")
    role = tokens.grant(bot.identity, "workflow.execute", name=f"{mark} role")
    policy = policies.create_policy(tenant_id=tenant.pk, name=f"{mark} policy", text=POLICY, actor=SYSTEM)
    vault = VaultConnection.objects.create(
        tenant=tenant, name=f"{mark} vault", provider="local", vault_uri=f"local://{mark.lower()}"
    )
    grant = SecretGrant.objects.create(
        identity=bot.identity, provider="local", vault_uri=vault.vault_uri, secret_name=f"{mark} secret",
        state=GrantState.GRANTED, reason=f"{mark} reads it", asked_by=person.email,
        valid_until=timezone.now() + timedelta(days=30),
    )  # fmt: skip
    workflow = runs.workflow(of=tenant, key=f"wf-{mark}")
    schedule = runs.schedule(running=workflow, name=f"{mark} schedule", managed_identity_id=bot.identity.pk)
    run = ended_run(schedule, reason=f"{mark} went wrong")
    with transaction.atomic():
        event = audit.record(
            "team.created",
            actor=SYSTEM,
            subject=Subject("team", str(team.pk), team.name, tenant.pk),
            reason=f"{mark} why",
        )
    decision = AuthorizationDecision.objects.create(
        tenant_id=tenant.pk, actor_kind="identity", actor_id=str(bot.identity.pk), actor_label=f"{mark}-bot",
        permission="workflow.execute", resource_kind="workflow", resource_id=workflow.key,
        outcome="deny", stage="guard",
    )  # fmt: skip
    return Estate(
        tenant, mark, team, person, bot.identity, bot.identity.secrets.get(), role, role.bindings.get(), grant, policy,
        vault,
        workflow, schedule, run, event, decision,
    )  # fmt: skip


def ended_run(
    schedule: Schedule, *, state: RunState = RunState.FAILED, code: str = "", reason: str = ""
) -> ScheduleRun:
    """A run with two steps that has ended."""
    at = timezone.now() - timedelta(minutes=5)
    run = runs.run(
        schedule,
        state=state,
        code=code,
        reason=reason,
        started_at=at,
        finished_at=at + timedelta(seconds=2),
        scheduled_for=at,
    )
    for place, name in enumerate(("resolve-identity", "hello")):
        RunStep.objects.create(
            run=run, sequence=place, name=name, kind=name, state=StepState.SUCCEEDED, started_at=at, finished_at=at,
            detail={"token": {"jti": "11112222-3333", "expiresAt": "2030-01-01T00:00:00+00:00"}},
        )  # fmt: skip
    return run


def signed_in(user: User) -> Client:
    """A browser in which `user` has signed in."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def one_of_each(of: Tenant) -> dict[str, User]:
    """A person of every portal role."""
    return {role.value: people.person(of=of, role=role) for role in PortalRole}


def page(row: Any, tab: str = "") -> str:
    """The address of a row's page."""
    label = f"{row._meta.app_label}_{row._meta.model_name}"
    address = reverse(f"admin:{label}_change", args=[quote(row.pk)])
    return f"{address}?tab={tab}" if tab else address


def listing(model: Any) -> str:
    """The address of a model's list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def adding(model: Any) -> str:
    """The address where one is made."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


def command(row: Any, key: str, item: object = "") -> str:
    """The address of a command on a row."""
    label = f"{row._meta.app_label}_{row._meta.model_name}"
    address = reverse(f"admin:{label}_command", args=[quote(row.pk), key])
    return f"{address}?item={item}" if item else address
