"""Every answer of a guard leaves a row: denials and a run's at once, allows of plain API reads within a second."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import context, services as audit
from audit.actors import Actor, ActorKind, Subject
from audit.events import Outcome
from identities.access.models import RoleBinding
from identities.access.permissions import WORKFLOW_EXECUTE
from identities.access.principal import Principal
from identities.access.selectors import standing
from identities.events import AuthorizationEvent
from identities.inventory.usage import note_identity_use, note_use
from identities.policies import decision_log
from identities.policies.actor_context import ActorContext
from identities.policies.guard import AccessDecision
from identities.policies.models import AuthorizationDecision, DecisionOutcome, DecisionStage


def record_decision(
    decision: AccessDecision,
    *,
    actor: ActorContext,
    resource: Subject,
    permission: str = WORKFLOW_EXECUTE,
    environment: str = "",
    run_id: UUID | None = None,
    later: list[AuthorizationDecision] | None = None,
) -> AuthorizationDecision:
    """Keep a decision of the guard in a transaction of its own; a denial is an audit record too (S1-28, S3-40).

    Run, correlation id and address come from `audit.context` unless given. Call it outside a transaction that may
    be undone: the refusal would be undone with it. An allow goes to `later`, where that is given, for whoever writes it
    together with the first thing that comes of it; a denial is kept at once all the same.
    """
    who = actor.as_actor()
    row = _row(
        who,
        permission=permission,
        resource=resource,
        allowed=decision.is_allowed,
        reason=decision.reason,
        environment=environment or actor.environment,
        stage=DecisionStage.GUARD,
        machine_permission=permission,
    )
    row.policy_ids = list(decision.policy_ids)
    row.token_issuer, row.token_jti = actor.token_issuer, actor.token_jti
    row.run_id = run_id or row.run_id
    if later is None or not decision.is_allowed:
        _keep(row, who, resource)
    else:
        later.append(row)
    if decision.is_allowed and actor.managed_identity_id:
        note_bindings(UUID(actor.managed_identity_id), permission)
    return row


def record_api_decision(
    *,
    principal: Principal,
    permission: str,
    resource_kind: str,
    resource_id: str,
    allowed: bool,
    reason: str = "",
    environment: str = "",
    machine_permission: str = "",
) -> None:
    """Keep a decision of the API's door: a denial at once and audited, an allow with the next batch (≤ 1 s).

    `machine_permission`: what a managed identity would have needed there, whoever asked; empty where none is let in.

    Not promised: that the allows of the last second survive a kill; the next start records the gap.
    """
    resource = Subject(kind=resource_kind, id=resource_id, label=resource_id, tenant_id=principal.tenant_id)
    row = _row(
        principal.actor,
        permission=permission,
        resource=resource,
        allowed=allowed,
        reason=reason,
        environment=environment,
        stage=DecisionStage.API,
        machine_permission=machine_permission,
    )
    row.token_issuer, row.token_jti = principal.token_issuer, principal.token_jti
    if principal.identity_id is not None:
        note_identity_use(principal.identity_id, at=row.at)
    if allowed:
        decision_log.hold(row)
    else:
        _keep(row, principal.actor, resource)


def note_bindings(identity_id: UUID, permission: str) -> None:
    """The bindings that gave `identity_id` this permission were used just now. One query."""
    at = timezone.now()
    for binding_id in standing(identity_id, at).sources.get(permission, ()):
        note_use(RoleBinding, binding_id, at=at)


def _keep(row: AuthorizationDecision, actor: Actor, resource: Subject) -> None:
    with transaction.atomic():
        row.save(force_insert=True)
        if row.outcome == DecisionOutcome.DENY:
            audit.record(
                AuthorizationEvent.DENIED,
                actor=actor,
                subject=resource,
                outcome=Outcome.DENIED,
                reason=row.reason,
                run_id=row.run_id,
                details={"permission": row.permission, "policy_ids": row.policy_ids, "decision_id": str(row.uuid)},
            )


def _row(
    actor: Actor,
    *,
    permission: str,
    resource: Subject,
    allowed: bool,
    reason: str,
    environment: str,
    stage: DecisionStage,
    machine_permission: str,
) -> AuthorizationDecision:
    around = context.current()
    return AuthorizationDecision(
        at=timezone.now(),
        tenant_id=resource.tenant_id or actor.tenant_id,
        actor_kind=ActorKind(actor.kind).value,
        actor_id=actor.id[:64],
        actor_label=actor.label[:254],
        permission=permission[:64],
        machine_permission=machine_permission[:64],
        resource_kind=resource.kind[:64],
        resource_id=resource.id[:254],
        outcome=DecisionOutcome.ALLOW if allowed else DecisionOutcome.DENY,
        reason=reason,
        environment=environment,
        address=around.address[:64],
        correlation_id=around.correlation_id[:128],
        run_id=around.run_id,
        stage=stage,
    )
