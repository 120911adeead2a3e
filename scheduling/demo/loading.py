"""Loading the demo company, once, through the services everybody uses; its past is laid under it by `history`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity, TenantStandards
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.people import services as people
from identities.people.models import Team, Tenant, User
from identities.programme import services as programme
from identities.programme.models import SavedFilter
from identities.vaults.references import SecretReference
from scheduling.demo import estate, governing, history, importing, moving, plans, removal, serving, telling
from scheduling.demo.shapes import DAY, address, resolved
from scheduling.models import Schedule, Workflow
from scheduling.preflight import selectors as preflights
from scheduling.preflight.services import preflight
from scheduling.services import schedules, workflows
from scheduling.services.facts import Facts

LOADER = "demo"
MOVED = "The portal answers at another address"
#: Filters that a person of the demo shares: whose, what they are called, and the query of the register's list.
FILTERS = (
    ("priya.raman", "Red, mend first", "triage=red"),
    ("priya.raman", "Vendors", "ownership_class=vendor"),
    ("amara.diallo", "Dormant: dead or forgotten?", "number=dormant"),
)


def load(at: datetime | None = None) -> bool:
    """Load what is not there yet; False when it was loaded before, also if it has been removed since.

    `at` is the moment from which its past is counted, silent: now. Every piece is looked for by its name first, so a
    start that was killed half-way is finished by the next.
    """
    if removal.was_removed():
        return False
    if is_loaded():
        _follow_the_portal()
        return False
    at = at or timezone.now()
    tenant = Tenant.objects.filter(slug=estate.SLUG).first() or people.create_tenant(
        name=estate.TENANT, slug=estate.SLUG, is_demo=True, actor=Actor.system(LOADER)
    )
    actor = Actor.system(LOADER, tenant.pk)
    _load_people(tenant, actor)
    _load_standards(tenant, actor)
    _load_roles(tenant, actor)
    for identity in estate.IDENTITIES:
        _load_identity(identity, tenant, at, actor)
    _load_workflows(tenant, actor)
    _load_schedules(plans.PLANS[:-1], tenant, actor)
    importing.load(tenant, at, actor)
    moving.load(tenant, at, actor)
    _let_go(tenant, actor)
    _load_filters(tenant, actor)
    is_new = not history.is_written(tenant)
    if is_new:
        history.write(tenant, at, actor)
        governing.load(tenant, at)
    serving.load(tenant, at, actor)
    if is_new:
        telling.tell(tenant, at)
    _load_schedules(plans.PLANS[-1:], tenant, actor)
    _try_schedules(tenant, actor)
    return True


def is_loaded() -> bool:
    """True once the last piece is in, and for good: a removed schedule keeps its row."""
    return Schedule.objects.filter(tenant__slug=estate.SLUG, name=plans.PLANS[-1].name).exists()


def _load_people(tenant: Tenant, actor: Actor) -> None:
    found = {name: _team(tenant, name, actor) for name in estate.TEAMS}
    for person in estate.PEOPLE:
        email = address(person.login)
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


def _load_identity(wanted: estate.Identity, tenant: Tenant, at: datetime, actor: Actor) -> None:
    identity = ManagedIdentity.objects.filter(tenant=tenant, name=wanted.name).first()
    if identity is None:
        facts: dict[str, object] = {name: getattr(wanted, name) for name in ("name", "purpose", "kind", "environment")}
        facts |= resolved(wanted.facts, at)
        identity = lifecycle.onboard(tenant_id=tenant.pk, facts=facts, actor=actor).identity
    if wanted.vault_name and not identity.secrets.filter(revoked_at=None).exists():
        place = SecretReference.from_json(_reference(wanted.vault_name))
        lifecycle.issue_secret(identity, store_at=place, actor=actor)
    for grant in wanted.grants:
        role = Role.objects.get(tenant=tenant, name=grant.role)
        if not identity.bindings.filter(role=role).exists():
            reason = grant.reason or wanted.purpose
            access.grant(identity, role, valid_until=at + grant.left * DAY, reason=reason, actor=actor)
    if wanted.disabled_because and identity.is_enabled:
        lifecycle.disable(identity, reason=wanted.disabled_because, actor=actor)
    if wanted.retired_because and identity.state != State.RETIRED:
        lifecycle.retire(identity, reason=wanted.retired_because, actor=actor)


def _let_go(tenant: Tenant, actor: Actor) -> None:
    """Who has left, left things behind: only now, for nobody gives a person an identity who is gone."""
    for person in estate.PEOPLE:
        user = User.objects.get(tenant=tenant, email=address(person.login))
        if person.has_left and user.is_active:
            lifecycle.disable_person(user, reason=person.has_left, actor=actor)


def _load_standards(tenant: Tenant, actor: Actor) -> None:
    if not TenantStandards.objects.filter(tenant=tenant).exists():
        reason = "How Harbour Foods names things (SEC-9)"
        inventory.change_standards(tenant_id=tenant.pk, rules=estate.STANDARDS, actor=actor, reason=reason)


def _load_filters(tenant: Tenant, actor: Actor) -> None:
    page = ManagedIdentity._meta.label_lower
    for login, name, query in FILTERS:
        owner = User.objects.get(tenant=tenant, email=address(login))
        if not SavedFilter.objects.filter(owner=owner, page=page, name=name).exists():
            programme.save_filter(
                tenant_id=tenant.pk, owner=owner, page=page, name=name, query=query, is_shared=True, actor=actor
            )


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


def _load_schedules(wanted: Sequence[plans.Plan], tenant: Tenant, actor: Actor) -> None:
    there = set(Schedule.objects.filter(tenant=tenant).values_list("name", flat=True))
    places = {identity.name: identity.vault_name for identity in estate.IDENTITIES}
    for plan in wanted:
        if plan.name in there:
            continue
        identity = ManagedIdentity.objects.get(tenant=tenant, name=plan.identity)
        facts = Facts(
            workflow_id=plan.workflow,
            name=plan.name,
            cron_expression=plan.cron,
            timezone=plan.timezone,
            managed_identity_id=identity.pk,
            secret_reference=_reference(places[plan.identity]),
            input_data=plan.input_data,
            max_attempts=plan.max_attempts,
            backoff_seconds=plan.backoff_seconds,
            owner=identity.technical_owner.email if identity.technical_owner else None,
            owner_team=identity.owner_team.name if identity.owner_team else None,
        )
        schedules.create_schedule(tenant_id=tenant.pk, facts=facts, actor=actor)


def _try_schedules(tenant: Tenant, actor: Actor) -> None:
    """What would fail within the week is seen at once; from then on each schedule is tried once a day."""
    at = timezone.now()
    for schedule in preflights.due_within({tenant.pk}, at):
        preflight(schedule, at=at, actor=actor)


def _reference(vault_name: str) -> dict[str, Any]:
    return {**estate.VAULT, "secretName": vault_name}


def _with_receiver(node: Mapping[str, Any]) -> dict[str, Any]:
    params = dict(node["params"])
    if "url" in params:
        params["url"] = params["url"].replace("{receiver}", settings.PASSPORT_URL)
    return {**node, "params": params}
