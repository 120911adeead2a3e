"""Check `guard`: at each occurrence a role gives `workflow.execute`, and the workflow's policy lets it run."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache

from identities.access import selectors as access
from identities.access.models import RoleBinding
from identities.access.permissions import WORKFLOW_EXECUTE
from identities.inventory.models import ManagedIdentity
from identities.policies.actor_context import ActorContext
from identities.policies.guard import (
    MISSING_PERMISSION,
    AccessDecision,
    ProcessAccessGuard,
    RunFacts,
    WorkflowFacts,
    seen_of,
)
from identities.tokens import settings as tokens
from scheduling.models import Trigger
from scheduling.preflight.checks.base import Bearer, Check, Trial
from scheduling.preflight.problems import Mend, Problem

Ask = Callable[[datetime], AccessDecision]
#: So often a policy is asked about one schedule, each time a fraction of a millisecond: a day of minutes. What comes
#: after that is asked hour by hour.
MOST_ASKED = 1440
MISSING, DENIED = "permission_missing", "authorization_denied"


class GuardCheck(Check):
    """The guard of the run itself, asked with the roles of that instant; nothing of it is kept as a decision."""

    kind = "guard"
    position = 40

    def of_bearer(self, trial: Trial, bearer: Bearer) -> Iterator[Problem]:
        if bearer.identity is None:
            return
        held = list(access.bindings({trial.schedule.tenant_id}).standing(trial.at).filter(identity=bearer.identity))
        ask = _asked(trial, bearer.identity, held)
        moment = trial.first(lambda at: not ask(at).is_allowed)
        if moment is None:
            return
        said = f"the run of {trial.when(moment)} would be refused"
        reason = ask(moment).reason
        if reason != MISSING_PERMISSION:
            mend = Mend.EDIT_POLICY if trial.schedule.workflow.resource_policy else Mend.CHOOSE_IDENTITY
            yield bearer.problem(DENIED, f"{reason.rstrip('.')}: {said}", mend, moment)
            return
        last = _last_to_end(held, moment)
        why = (
            f"Role {last.role.name} of {bearer.name} ends on {trial.when(last.valid_until)}"
            if last
            else f"No role of {bearer.name} gives {WORKFLOW_EXECUTE}"
        )
        yield bearer.problem(MISSING, f"{why}: {said}", Mend.BIND_ROLE, moment)


def _asked(
    trial: Trial, identity: ManagedIdentity, held: Sequence[RoleBinding]
) -> Callable[[datetime], AccessDecision]:
    """The guard as a function of the occurrence, asked once for all that look the same to it.

    What roles permit is read once for each set of them.
    """
    guard = ProcessAccessGuard(cache(access.permissions_of_role_names))
    flow = trial.schedule.workflow
    policy = flow.resource_policy
    workflow = WorkflowFacts(id=flow.key, tenant_id=str(flow.tenant_id), name=flow.name, policy=policy)
    answers: dict[tuple[object, ...], AccessDecision] = {}

    def ask(at: datetime) -> AccessDecision:
        there = at.astimezone(trial.place)
        roles = tuple(sorted({binding.role.name for binding in held if binding.is_effective(at)}))
        looks: tuple[object, ...] = (roles, seen_of(policy, there) if policy else None)
        if looks not in answers and len(answers) >= MOST_ASKED:
            looks = (roles, there.date(), there.hour)
        if looks not in answers:
            facts = RunFacts(trigger=Trigger.SCHEDULE.value, at=there)
            answers[looks] = guard.check_workflow_execution(actor_with(identity, roles), workflow, facts)
        return answers[looks]

    return ask


def actor_with(identity: ManagedIdentity, roles: tuple[str, ...]) -> ActorContext:
    """The actor that a token of then would make."""
    return ActorContext(
        user_id=identity.client_id,
        is_service_account=True,
        tenant_id=str(identity.tenant_id),
        roles=roles,
        managed_identity_id=str(identity.id),
        client_id=identity.client_id,
        token_issuer=tokens.issuer(),
        name=identity.name,
        environment=identity.environment,
        kind=identity.kind,
        risk_tier=identity.risk_tier,
        certified_until=identity.certified_until,
    )


def _last_to_end(held: Sequence[RoleBinding], moment: datetime) -> RoleBinding | None:
    """The binding that gave the permission last before `moment`."""
    ended = [it for it in held if it.valid_until <= moment and WORKFLOW_EXECUTE in it.role.permissions]
    return max(ended, key=lambda it: it.valid_until, default=None)
