"""Commands on workflows: each save that changes what runs makes a version, and versions are only ever added."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid, Missing
from identities.policies import services as policies
from identities.policies.models import ResourcePolicy
from scheduling.events import WorkflowEvent
from scheduling.models import RunState, Schedule, ScheduleRun, Workflow, WorkflowVersion
from scheduling.services import acting, approving, definitions, portraits, reading

TAKEN = "A workflow of this tenant has this id"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a workflow says. `resource_policy` is Cedar text, empty for none."""

    name: str
    nodes: list[dict[str, Any]]
    allowed_hosts: list[str] = field(default_factory=list)
    input_schema: Mapping[str, Any] | None = None
    resource_policy: str = ""


def content_of(workflow: Workflow) -> Content:
    """The workflow as it stands."""
    return Content(
        name=workflow.name,
        nodes=workflow.nodes,
        allowed_hosts=workflow.allowed_hosts,
        input_schema=workflow.input_schema,
        resource_policy=workflow.resource_policy.text if workflow.resource_policy else "",
    )


@transaction.atomic
def create_workflow(*, tenant_id: UUID, key: str, content: Content, actor: Actor) -> Workflow:
    """Keep a new workflow as version 1. Invalid names the member: `id` taken, a node that cannot run, …"""
    definitions.check_key(key)
    if Workflow.objects.filter(tenant_id=tenant_id, key=key, deleted_at=None).exists():
        raise Invalid({"id": [TAKEN]})
    workflow = Workflow(tenant_id=tenant_id, key=key, version=1, created_by=actor.label)
    _fill(workflow, content, tenant_id)
    workflow.resource_policy = _policy(workflow, None, content.resource_policy, actor)
    try:
        with transaction.atomic():
            workflow.save(force_insert=True)
    except IntegrityError:
        raise Invalid({"id": [TAKEN]}) from None
    _keep_version(workflow, actor)
    audit.record(
        WorkflowEvent.CREATED,
        actor=actor,
        subject=workflow.subject,
        changes=changes.made({"definition": workflow.definition}),
    )
    return workflow


@transaction.atomic
def change_workflow(workflow: Workflow, *, content: Content, actor: Actor, reason: str = "") -> Workflow:
    """Make `content` the next version; the same content again changes nothing and makes none.

    Runs that were made before keep the version they were made from; the resource policy is asked as it stands now.
    """
    of_it = Schedule.objects.filter(workflow=workflow, deleted_at=None)
    runs_as = set(of_it.values_list("managed_identity_id", flat=True))
    acting.hold(*_concerned(workflow, content.nodes), *runs_as)
    locked = _locked(workflow)
    before = locked.definition
    _fill(locked, content, locked.tenant_id)
    former = locked.resource_policy
    locked.resource_policy = _policy(locked, former, content.resource_policy, actor)
    found = changes.between(before, locked.definition)
    if not found:
        return locked
    locked.version += 1
    locked.save()
    if former is not None and locked.resource_policy is None:
        policies.remove_policy(former, actor=actor, reason=reason)
    _keep_version(locked, actor)
    reading.settle_workflow(locked, before["nodes"], actor=actor)
    audit.record(
        WorkflowEvent.CHANGED,
        actor=actor,
        subject=locked.subject,
        reason=reason,
        changes=found,
        details={"version": locked.version},
    )
    approving.follow_workflow(locked.pk, actor=actor)
    portraits.tell(runs_as, tenant_id=locked.tenant_id, actor=actor)
    return locked


@transaction.atomic
def remove_workflow(workflow: Workflow, *, actor: Actor, reason: str = "") -> None:
    """Take a workflow out of use; its versions and runs stay. Conflict while a schedule or an open run needs it."""
    locked = _locked(workflow)
    if Schedule.objects.filter(workflow=locked, deleted_at=None).exists():
        raise Conflict("Schedules run this workflow: remove them or give them another first", code="workflow_in_use")
    if ScheduleRun.objects.filter(workflow=locked, state__in=RunState.open()).exists():
        raise Conflict("Runs of this workflow are still going", code="workflow_in_use")
    former, locked.resource_policy = locked.resource_policy, None
    locked.deleted_at = timezone.now()
    locked.save()
    if former is not None:
        policies.remove_policy(former, actor=actor, reason=reason)
    audit.record(WorkflowEvent.REMOVED, actor=actor, subject=locked.subject, reason=reason)


def _concerned(workflow: Workflow, nodes: Any) -> list[str]:
    """Whose grants a change of nodes may move; what is no list of nodes is left to the check."""
    former = Workflow.objects.filter(pk=workflow.pk).values_list("nodes", flat=True).first() or []
    written = [node for node in nodes if isinstance(node, Mapping)] if isinstance(nodes, list) else []
    return acting.named_by([*former, *written])


def _locked(workflow: Workflow) -> Workflow:
    found = (
        Workflow.objects.select_for_update(of=("self",))
        .select_related("resource_policy")
        .filter(pk=workflow.pk, deleted_at=None)
        .first()
    )
    if found is None:
        raise Missing("There is no such workflow.")
    return found


def _fill(workflow: Workflow, content: Content, tenant_id: UUID) -> None:
    workflow.nodes = definitions.check(
        tenant_id=tenant_id,
        name=content.name,
        nodes=content.nodes,
        allowed_hosts=content.allowed_hosts,
        input_schema=content.input_schema,
        resource_policy=content.resource_policy,
    )
    workflow.name = content.name.strip()
    workflow.allowed_hosts = list(content.allowed_hosts)
    workflow.input_schema = dict(content.input_schema) if content.input_schema is not None else None


def _policy(workflow: Workflow, former: ResourcePolicy | None, text: str, actor: Actor) -> ResourcePolicy | None:
    if not text:
        return None
    if former is None:
        name = _free_policy_name(workflow)
        return policies.create_policy(tenant_id=workflow.tenant_id, name=name, text=text, actor=actor)
    return former if former.text == text else policies.change_policy(former, text=text, actor=actor)


def _free_policy_name(workflow: Workflow) -> str:
    taken = set(ResourcePolicy.objects.filter(tenant_id=workflow.tenant_id).values_list("name", flat=True))
    names = [f"workflow {workflow.key}", *(f"workflow {workflow.key} {number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _keep_version(workflow: Workflow, actor: Actor) -> None:
    WorkflowVersion.objects.create(
        workflow=workflow, version=workflow.version, definition=workflow.definition, created_by=actor.label
    )
