"""The guard before a run and before whatever is done with a fresh token: asked, recorded, obeyed (S1-25 … S1-31)."""

from typing import Any

from identities.policies import decisions
from identities.policies.actor_context import ActorContext
from identities.policies.guard import ProcessAccessGuard, RunFacts, WorkflowFacts
from identities.policies.models import AuthorizationDecision
from identities.statements.rows import PreparedRows
from scheduling.calendar.zones import zone
from scheduling.models import ScheduleRun, Workflow
from scheduling.runner.endings import refused

DENIED = "authorization_denied"


_WORKFLOW = PreparedRows(
    Workflow, lambda key: Workflow.objects.filter(id=key).order_by(), along=("resource_policy",), key=int
)


def check(
    actor: ActorContext,
    run: ScheduleRun,
    *,
    detail: dict[str, Any],
    later: list[AuthorizationDecision] | None = None,
) -> None:
    """Stop, refused with 403 and the rule's own reason, unless the actor may run the run's workflow.

    The decision is kept before anything comes of it: in a transaction of its own, or, an allow, by whoever takes
    `later` and writes it with the beginning of the next step. `detail` shows it. The policy is the one the workflow
    carries now: who tightens it stops what is under way at its next token.
    """
    (workflow,) = _WORKFLOW.find(key=run.workflow_id)
    facts = WorkflowFacts(
        id=workflow.key, tenant_id=str(workflow.tenant_id), name=workflow.name, policy=workflow.resource_policy
    )
    decision = ProcessAccessGuard().check_workflow_execution(actor, facts, _surroundings(run))
    decisions.record_decision(decision, actor=actor, resource=workflow.subject, run_id=run.id, later=later)
    detail |= {
        "outcome": str(decision.outcome),
        "decisionReason": decision.reason,
        "policyIds": list(decision.policy_ids),
    }
    if not decision.is_allowed:
        raise refused(DENIED, decision.reason)


def _surroundings(run: ScheduleRun) -> RunFacts:
    moment = run.scheduled_for or run.requested_at or run.created_at
    return RunFacts(trigger=run.trigger, at=moment.astimezone(zone(run.schedule.timezone)))
