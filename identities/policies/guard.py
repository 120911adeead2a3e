"""ProcessAccessGuard: may this actor run this workflow? One pipeline for people and machines alike (S1-29)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils import timezone

from audit.moments import zulu
from identities.access.permissions import PORTAL_PERMISSIONS, WORKFLOW_EXECUTE
from identities.access.selectors import permissions_of_role_names
from identities.people.models import PortalRole
from identities.policies import engine
from identities.policies.actor_context import ActorContext
from identities.policies.models import DecisionOutcome, ResourcePolicy

MISSING_PERMISSION = f"Missing {WORKFLOW_EXECUTE} permission"
FOREIGN = "The workflow belongs to another tenant"
#: What a rule may ask of the instant of a run, by its name in the context.
_CLOCK: dict[str, Callable[[datetime], object]] = {
    "scheduledFor": lambda at: zulu(at, "seconds"),
    "minute": lambda at: at.minute,
    "hour": lambda at: at.hour,
    "weekday": datetime.isoweekday,
    "day": lambda at: at.day,
    "month": lambda at: at.month,
}
#: What roles of these names permit in a tenant.
Granted = Callable[[str, tuple[str, ...]], frozenset[str]]


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """Allow, or deny with a reason a person can read, and the rules that decided (S1-30)."""

    outcome: DecisionOutcome
    reason: str = ""
    policy_ids: tuple[str, ...] = ()

    @property
    def is_allowed(self) -> bool:
        return self.outcome is DecisionOutcome.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFacts:
    """What the guard must know of a workflow; `policy` is its resource policy, where it has one."""

    id: str
    tenant_id: str
    name: str
    policy: ResourcePolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What surrounds the run asked for. `at` is aware, in the zone of its schedule: rules speak local time."""

    trigger: str
    at: datetime
    environment: str = ""


class ProcessAccessGuard:
    """Asks and never writes: whoever asks records the answer (`policies.decisions.record_decision`).

    Who asks about many instants at once hands in `granted`, so that the same roles are not read again for each.
    """

    def __init__(self, granted: Granted = permissions_of_role_names) -> None:
        self._granted = granted

    def check_workflow_execution(
        self, actor: ActorContext, workflow: WorkflowFacts, context: RunFacts
    ) -> AccessDecision:
        """Two questions in this order (S1-25…28); one query at most, and it fails closed.

        Does a role grant `workflow.execute`? If none does: deny, reason exactly `Missing workflow.execute permission`.
        Does the workflow's policy deny? Then with the reason of the rule that matched. Without a policy the role
        decides alone. A policy that errors or no longer compiles denies.
        """
        if WORKFLOW_EXECUTE not in _permissions(actor, self._granted):
            return AccessDecision(DecisionOutcome.DENY, MISSING_PERMISSION)
        if str(actor.tenant_id) != str(workflow.tenant_id):
            return AccessDecision(DecisionOutcome.DENY, FOREIGN)
        if workflow.policy is None:
            return AccessDecision(DecisionOutcome.ALLOW)
        return _ask_policy(workflow.policy, actor, workflow, context)


def seen_of(policy: ResourcePolicy, at: datetime) -> tuple[object, ...]:
    """What `policy` can see of an instant: of two that look the same to it, it says the same.

    By the names in its text; an escape may spell a name otherwise, and then it may see everything.
    """
    names = _words(policy.text)
    seen = tuple(read(at) for name, read in _CLOCK.items() if name in names)
    # Whether a certificate holds is another thing at each instant.
    return (*seen, at) if "certified" in names else seen


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    return frozenset({*_CLOCK, "certified"}) if "\\" in text else frozenset(re.findall(r"\w+", text))


def _permissions(actor: ActorContext, granted: Granted) -> frozenset[str]:
    if actor.managed_identity_id:
        return granted(actor.tenant_id, actor.roles)
    known = (PORTAL_PERMISSIONS[PortalRole(role)] for role in actor.roles if role in PortalRole.values)
    return frozenset().union(*known)


def _ask_policy(
    policy: ResourcePolicy, actor: ActorContext, workflow: WorkflowFacts, context: RunFacts
) -> AccessDecision:
    try:
        compiled = engine.compile(policy.text)
    except engine.BadPolicy:
        return AccessDecision(DecisionOutcome.DENY, engine.FAILED)
    answer = engine.ask(compiled, _question(actor, workflow, context))
    outcome = DecisionOutcome.ALLOW if answer.allowed else DecisionOutcome.DENY
    return AccessDecision(outcome, answer.reason, answer.rule_ids)


def _question(actor: ActorContext, workflow: WorkflowFacts, context: RunFacts) -> engine.Question:
    kind = "Identity" if actor.managed_identity_id else "User"
    return engine.Question(
        principal=(kind, actor.managed_identity_id or actor.user_id, _attributes(actor, context.at)),
        action=WORKFLOW_EXECUTE,
        resource=("Workflow", workflow.id, {"tenantId": str(workflow.tenant_id), "name": workflow.name}),
        context={
            "trigger": context.trigger,
            "environment": context.environment or actor.environment,
            **{name: read(context.at) for name, read in _CLOCK.items()},
        },
    )


def _attributes(actor: ActorContext, at: datetime) -> Mapping[str, object]:
    until = actor.certified_until
    return {
        "name": actor.name,
        "clientId": actor.client_id,
        "tenantId": str(actor.tenant_id),
        "environment": actor.environment,
        "kind": actor.kind or ("" if actor.managed_identity_id else "person"),
        "roles": list(actor.roles),
        "isServiceAccount": actor.is_service_account,
        "riskTier": actor.risk_tier,
        # Also for an occurrence that comes late: what has changed since it was due is not certified any more.
        "certified": until is not None and until > max(at, timezone.now()),
        "certifiedUntil": int(until.timestamp()) if until else 0,
    }
