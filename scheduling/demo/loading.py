"""Loading the demo company, once, through the services everybody uses; and taking it out of use again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.people import services as people
from identities.people.models import Team, Tenant, User
from identities.vaults.references import SecretReference
from scheduling.demo import estate, plans
from scheduling.models import RunState, Schedule, ScheduleRun, Workflow
from scheduling.services import runs, schedules, workflows
from scheduling.services.facts import Facts

LOADER = "demo"
BOUND_FOR = timedelta(days=365)
REMOVED = "The demo was removed"
MOVED = "The portal answers at another address"


def load() -> bool:
    """Load what is not there yet; False when it was loaded before, also if it has been removed since.

    Every piece is looked for by its name first, so a start that was killed half-way is finished by the next.
    """
    if is_loaded():
        _follow_the_portal()
        return False
    tenant = Tenant.objects.filter(slug=estate.SLUG).first() or people.create_tenant(
        name=estate.TENANT, slug=estate.SLUG, is_demo=True, actor=Actor.system(LOADER)
    )
    actor = Actor.system(LOADER, tenant.pk)
    _load_people(tenant, actor)
    _load_roles(tenant, actor)
    for identity in estate.IDENTITIES:
        _load_identity(identity, tenant, actor)
    _load_workflows(tenant, actor)
    _load_schedules(tenant, actor)
    return True


def is_loaded() -> bool:
    """True once the last piece is in, and for good: a removed schedule keeps its row."""
    return Schedule.objects.filter(tenant__slug=estate.SLUG, name=plans.PLANS[-1].name).exists()


def remove(*, actor: Actor) -> bool:
    """Take the demo out of use: nothing fires, nobody signs in, no secret works; the evidence stays.

    False when there is no demo, or it was removed before. Conflict while a run of it is still ending: ask again.
    """
    tenant = Tenant.objects.filter(slug=estate.SLUG, is_demo=True).first()
    if tenant is None:
        return False
    for schedule in Schedule.objects.filter(tenant=tenant, deleted_at=None):
        schedules.remove_schedule(schedule, actor=actor, reason=REMOVED)
    for run in ScheduleRun.objects.filter(tenant=tenant, state__in=RunState.open()):
        runs.cancel_run(run, actor=actor, reason=REMOVED)
    for workflow in Workflow.objects.filter(tenant=tenant, deleted_at=None):
        workflows.remove_workflow(workflow, actor=actor, reason=REMOVED)
    for identity in ManagedIdentity.objects.filter(tenant=tenant).exclude(state=State.RETIRED):
        lifecycle.retire(identity, reason=REMOVED, actor=actor)
    people.end_demo(tenant, actor=actor)
    return True


def _load_people(tenant: Tenant, actor: Actor) -> None:
    found = {name: _team(tenant, name, actor) for name in estate.TEAMS}
    for person in estate.PEOPLE:
        email = f"{person.login}@{estate.DOMAIN}"
        user = User.objects.filter(email=email).first() or people.create_user(
            tenant=tenant,
            email=email,
            first_name=person.first_name,
            last_name=person.last_name,
            role=person.role,
            actor=actor,
        )
        team = found[person.team]
        if not team.members.filter(pk=user.pk).exists():
            people.add_member(team, user, actor=actor)


def _team(tenant: Tenant, name: str, actor: Actor) -> Team:
    return Team.objects.filter(tenant=tenant, name=name).first() or people.create_team(
        tenant=tenant, name=name, actor=actor
    )


def _load_roles(tenant: Tenant, actor: Actor) -> None:
    there = set(Role.objects.filter(tenant=tenant).values_list("name", flat=True))
    for name, (description, permissions) in estate.ROLES.items():
        if name not in there:
            access.create_role(tenant=tenant, name=name, description=description, permissions=permissions, actor=actor)


def _load_identity(wanted: estate.Identity, tenant: Tenant, actor: Actor) -> None:
    identity = ManagedIdentity.objects.filter(tenant=tenant, name=wanted.name).first()
    if identity is None:
        facts = {"name": wanted.name, "purpose": wanted.purpose, "kind": wanted.kind, "environment": wanted.environment}
        identity = lifecycle.onboard(tenant_id=tenant.pk, facts={**facts, **wanted.facts}, actor=actor).identity
    if wanted.vault_name and not identity.secrets.filter(revoked_at=None).exists():
        lifecycle.issue_secret(identity, store_at=SecretReference.from_json(_reference(wanted)), actor=actor)
    for role in Role.objects.filter(tenant=tenant, name__in=wanted.roles):
        if not identity.bindings.filter(role=role).exists():
            until = timezone.now() + BOUND_FOR
            access.grant(identity, role, valid_until=until, reason=wanted.purpose, actor=actor)
    if wanted.disabled_because and identity.is_enabled:
        lifecycle.disable(identity, reason=wanted.disabled_because, actor=actor)


def _load_workflows(tenant: Tenant, actor: Actor) -> None:
    there = set(Workflow.objects.filter(tenant=tenant).values_list("key", flat=True))
    for flow in plans.FLOWS:
        if flow.key not in there:
            workflows.create_workflow(tenant_id=tenant.pk, key=flow.key, content=_content(flow), actor=actor)


def _follow_the_portal() -> None:
    """A portal that starts at another address takes its payroll system along; workflows somebody edited stay."""
    receiver = [urlsplit(settings.PASSPORT_URL).netloc]
    ours = {flow.key: flow for flow in plans.FLOWS}
    demo = Workflow.objects.filter(tenant__slug=estate.SLUG, tenant__is_demo=True, deleted_at=None, key__in=ours)
    for workflow in demo.exclude(allowed_hosts=receiver):
        actor = Actor.system(LOADER, workflow.tenant_id)
        if workflow.versions.filter(version=workflow.version, created_by=actor.label).exists():
            workflows.change_workflow(workflow, content=_content(ours[workflow.key]), actor=actor, reason=MOVED)


def _content(flow: plans.Flow) -> workflows.Content:
    return workflows.Content(
        name=flow.name,
        nodes=[_with_receiver(node) for node in flow.nodes],
        allowed_hosts=[urlsplit(settings.PASSPORT_URL).netloc],
        input_schema=flow.input_schema,
        resource_policy=flow.policy,
    )


def _load_schedules(tenant: Tenant, actor: Actor) -> None:
    there = set(Schedule.objects.filter(tenant=tenant).values_list("name", flat=True))
    identities = {identity.name: identity for identity in estate.IDENTITIES}
    for plan in plans.PLANS:
        if plan.name in there:
            continue
        identity = ManagedIdentity.objects.get(tenant=tenant, name=plan.identity)
        facts = Facts(
            workflow_id=plan.workflow,
            name=plan.name,
            cron_expression=plan.cron,
            timezone=plan.timezone,
            managed_identity_id=identity.pk,
            secret_reference=_reference(identities[plan.identity]),
            input_data=plan.input_data,
            max_attempts=plan.max_attempts,
            backoff_seconds=plan.backoff_seconds,
            owner=identity.technical_owner.email if identity.technical_owner else None,
            owner_team=identity.owner_team.name if identity.owner_team else None,
        )
        schedules.create_schedule(tenant_id=tenant.pk, facts=facts, actor=actor)


def _reference(identity: estate.Identity) -> dict[str, Any]:
    return {**estate.VAULT, "secretName": identity.vault_name}


def _with_receiver(node: Mapping[str, Any]) -> dict[str, Any]:
    params = dict(node["params"])
    if "url" in params:
        params["url"] = params["url"].replace("{receiver}", settings.PASSPORT_URL)
    return {**node, "params": params}
