"""Taking the demo company away: first out of use by the commands that everybody uses, then off the tables.

Deleting rows is nobody's right but this one's: everything else of the register is evidence. The audit stays whole, and
says that there was a demo, what became of it, and who removed it.
"""

from collections.abc import Iterator
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet

from audit import services as audit
from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.models import Role, RoleBinding, SecretGrant
from identities.approvals.models import ApprovalRequest, ApprovalVote
from identities.credentials.models import (
    ClientKey,
    ClientSecret,
    ExternalCredential,
    Reminder,
    Rotation,
    SecretShowing,
    SecretSource,
    SecretUse,
)
from identities.detections.models import Finding, FindingComment, LeakMatch, LeakReport
from identities.discovery.models import ImportRow, ImportRun, Merge, Questionnaire, SourceAlias, SourceRecord
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.events import TenantEvent
from identities.inventory.models import Knock, ManagedIdentity, PolicyException, TenantStandards
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.lifecycle.models import Quarantine, QuarantineLine
from identities.notifications.models import Channel, Delivery, Subscription
from identities.people.actors import subject_of
from identities.people.models import Notice, RefreshToken, Team, Tenant, User
from identities.policies.models import AuthorizationDecision, ResourcePolicy
from identities.programme.models import DailySnapshot, SavedFilter
from identities.recertification.models import (
    CampaignPlan,
    CertifiedSnapshot,
    ReviewCampaign,
    ReviewDecision,
    ReviewItem,
)
from identities.requests.models import IdentityRequest
from identities.service_users.models import HealthLook, RefreshIncident, Replacement
from identities.succession.models import OwnershipTransfer, SuccessionCase
from identities.tokens.models import IssuedToken
from identities.vaults.models import LocalSecret, VaultConnection
from scheduling.demo import estate
from scheduling.models import (
    DemoPayment,
    Preflight,
    RunState,
    RunStep,
    Schedule,
    ScheduleRun,
    Workflow,
    WorkflowVersion,
)
from scheduling.services import runs, schedules, workflows

REMOVED = "The demo was removed"
AT_ONCE = 500
OURS = {"identities", "scheduling", "audit"}

#: What belongs to a tenant and by which path, children before what they hang on. A test looks for what is missing.
BELONGINGS: tuple[tuple[type[models.Model], str], ...] = (
    (DemoPayment, "tenant_id"),
    (RunStep, "run__tenant_id"),
    (ScheduleRun, "tenant_id"),
    (Preflight, "schedule__tenant_id"),
    (Schedule, "tenant_id"),
    (WorkflowVersion, "workflow__tenant_id"),
    (Workflow, "tenant_id"),
    (SavedFilter, "tenant_id"),
    (DailySnapshot, "tenant_id"),
    (LeakMatch, "report__tenant_id"),
    (LeakReport, "tenant_id"),
    (QuarantineLine, "quarantine__tenant_id"),
    (Quarantine, "tenant_id"),
    (FindingComment, "finding__tenant_id"),
    (Finding, "tenant_id"),
    (ImportRow, "run__tenant_id"),
    (ImportRun, "tenant_id"),
    (SourceAlias, "tenant_id"),
    (SourceRecord, "tenant_id"),
    (Merge, "tenant_id"),
    (Questionnaire, "tenant_id"),
    (AuthorizationDecision, "tenant_id"),
    (ResourcePolicy, "tenant_id"),
    (Delivery, "tenant_id"),
    (Subscription, "tenant_id"),
    (Channel, "tenant_id"),
    (CertifiedSnapshot, "identity__tenant_id"),
    (ReviewDecision, "item__campaign__tenant_id"),
    (ReviewItem, "campaign__tenant_id"),
    (ReviewCampaign, "tenant_id"),
    (CampaignPlan, "tenant_id"),
    (OwnershipTransfer, "tenant_id"),
    (SuccessionCase, "tenant_id"),
    (BreakGlassGrant, "tenant_id"),
    (Elevation, "tenant_id"),
    (IdentityRequest, "tenant_id"),
    (ApprovalVote, "approval__tenant_id"),
    (ApprovalRequest, "tenant_id"),
    (Replacement, "tenant_id"),
    (RefreshIncident, "tenant_id"),
    (HealthLook, "tenant_id"),
    (IssuedToken, "identity__tenant_id"),
    (RoleBinding, "identity__tenant_id"),
    (Role, "tenant_id"),
    (SecretGrant, "identity__tenant_id"),
    (Reminder, "identity__tenant_id"),
    (Rotation, "identity__tenant_id"),
    (SecretShowing, "secret__identity__tenant_id"),
    (SecretSource, "secret__identity__tenant_id"),
    (SecretSource, "key__identity__tenant_id"),
    (SecretUse, "secret__identity__tenant_id"),
    (SecretUse, "key__identity__tenant_id"),
    (ClientSecret, "identity__tenant_id"),
    (ClientKey, "identity__tenant_id"),
    (ExternalCredential, "identity__tenant_id"),
    (Knock, "identity__tenant_id"),
    (PolicyException, "identity__tenant_id"),
    (ManagedIdentity, "tenant_id"),
    (TenantStandards, "tenant_id"),
    (LocalSecret, "tenant_id"),
    (VaultConnection, "tenant_id"),
    (Notice, "tenant_id"),
    (RefreshToken, "user__tenant_id"),
    (Team.members.through, "team__tenant_id"),
    (Team, "tenant_id"),
    (User, "tenant_id"),
    (Tenant, "id"),
)


def was_removed() -> bool:
    """Did somebody remove the demo here? Then it does not come back."""
    if Tenant.objects.filter(slug=estate.SLUG, is_demo=False).exists():
        return True
    return AuditEvent.objects.filter(type=TenantEvent.REMOVED.value, subject_label=estate.TENANT).exists()


def remove(*, actor: Actor) -> bool:
    """Remove the demo, whole: nothing fires, nobody signs in, no secret works, no row is left but its audit.

    False when there is no demo. Conflict while a run of it is still ending: ask again.
    """
    tenant = Tenant.objects.filter(slug=estate.SLUG, is_demo=True).first()
    if tenant is None:
        return False
    _stop(tenant, actor)
    _delete(tenant, actor)
    return True


def _stop(tenant: Tenant, actor: Actor) -> None:
    """Out of use, so that what runs while this goes on finds every door closed, and the audit tells of each thing."""
    for schedule in Schedule.objects.filter(tenant=tenant, deleted_at=None):
        schedules.remove_schedule(schedule, actor=actor, reason=REMOVED)
    for run in ScheduleRun.objects.filter(tenant=tenant, state__in=RunState.open()):
        runs.cancel_run(run, actor=actor, reason=REMOVED)
    for workflow in Workflow.objects.filter(tenant=tenant, deleted_at=None):
        workflows.remove_workflow(workflow, actor=actor, reason=REMOVED)
    for identity in ManagedIdentity.objects.filter(tenant=tenant).exclude(state=State.RETIRED):
        lifecycle.retire(identity, reason=REMOVED, actor=actor)


@transaction.atomic
def _delete(tenant: Tenant, actor: Actor) -> None:
    subject = subject_of(tenant)
    ManagedIdentity.objects.filter(tenant=tenant).update(merged_into=None)
    _forget_in_libraries(tenant)
    counts = dict(_deleted(tenant))
    gone = {"identities": counts.get(ManagedIdentity, 0), "rows": sum(counts.values()), "tables": len(counts)}
    audit.record(TenantEvent.REMOVED, actor=actor, subject=subject, reason=REMOVED, details=gone)


def _forget_in_libraries(tenant: Tenant) -> None:
    """Second factors, provider accounts and the like of people whom somebody let sign in: tables that are not ours."""
    for relation in User._meta.related_objects:
        rows: Any = QuerySet(relation.related_model)
        if rows.model._meta.app_label not in OURS:
            rows.filter(**{f"{relation.field.name}__tenant_id": tenant.pk}).delete()


def _deleted(tenant: Tenant) -> Iterator[tuple[type[models.Model], int]]:
    """Delete table by table; each that held something, and how many rows it lost."""
    for model, path in BELONGINGS:
        rows: Any = QuerySet(model)
        keys = list(rows.filter(**{path: tenant.pk}).values_list("pk", flat=True))
        for start in range(0, len(keys), AT_ONCE):
            # Not the collector's way: it would read every row, and ask each table that might hang on it.
            some = rows.filter(pk__in=keys[start : start + AT_ONCE])
            some._raw_delete(some.db)  # noqa: SLF001 - what `delete` itself ends in
        if keys:
            yield model, len(keys)
