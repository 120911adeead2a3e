"""A schedule of a high-tier identity runs only as others approved it: workflow version, input, time, zone, identity.

`approved_hash` is the hash of what may run. `approval_by`: a schedule that stood before its identity's tier rose runs
on unchanged until then, so that no automation stops by surprise; what stood so was never approved.
It gets no such time where the tier was lowered no longer ago than that.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import changes, context, services as audit
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from identities.access import identity_approval
from identities.approvals import selectors as approvals, services as asking
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.approvals.subjects.base import Approvable
from identities.events import IdentityEvent, PolicyEvent
from identities.inventory import locks, selectors as register
from identities.inventory.answering import answer_for
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest
from identities.inventory.vocabulary import RiskTier
from identities.inventory.watchers.base import Watcher
from scheduling import calendar as calendars, templating
from scheduling.events import ScheduleEvent
from scheduling.models import Schedule, ScheduleRun

KIND = "schedule"
APPROVED, PENDING, NONE = "approved", "pending", ""
GRACE = timedelta(days=14)
CODE = "approval_pending"
TIER, SETTLED = "tier", identity_approval.SETTLED
AS_BEFORE = "It is again as it was approved"
NOT_NEEDED = "Its identity is not of the high tier any more"
WAITS = "The schedule waits for approval"
CHANGED = "The schedule changed since it was approved"
OLD_RUN = "The run was made from what the schedule was before it was approved"


class ApprovedSchedule(Approvable):
    """A schedule, by what runs, when, on which input and as whom."""

    kind = KIND
    label = "Schedule"

    def content(self, subject_id: UUID) -> dict[str, Any] | None:
        schedule = _locked(subject_id)
        return content_of(schedule) if schedule is not None else None

    def owners(self, approval: ApprovalRequest) -> Collection[UUID]:
        return [person.pk for person in answer_for(approval.identity)] if approval.identity else []

    def approved(self, approval: ApprovalRequest, *, actor: Actor) -> None:
        schedule = _locked(approval.subject_id)
        if schedule is not None:
            schedule.approved_hash, schedule.approval_by = approval.content_hash, None
            _stand(schedule, APPROVED, actor=actor, reason=approval.summary)

    def ended(self, approval: ApprovalRequest, *, reason: str, actor: Actor) -> None:
        """A no ends the time in which it ran on; unanswered, it runs on until that is over."""
        schedule = _locked(approval.subject_id)
        if schedule is None or approval.state != ApprovalState.REJECTED or schedule.approval_by is None:
            return
        schedule.approved_hash, schedule.approval_by = "", None
        _stand(schedule, PENDING, actor=actor, reason=f"Not approved: {reason}")


class ScheduleWatcher(Watcher):
    """The tier of an identity decides whether its schedules need others' word."""

    kind = "schedule_approval"

    def concerns(self, identity: ManagedIdentity) -> bool:
        return True

    def changed(self, identity: ManagedIdentity, *, part: str, actor: Actor) -> None:
        if part not in (TIER, SETTLED):
            return
        needed = is_needed(identity)
        for schedule in _all(managed_identity_id=identity.pk, tenant_id=identity.tenant_id):
            if part == TIER and needed and schedule.approval_state == NONE:
                _rise(schedule, identity, actor)
            elif not needed and schedule.approval_state != NONE:
                _release(schedule, actor, is_agreed=part == SETTLED)


def content_of(schedule: Schedule) -> dict[str, Any]:
    """What is approved; whoever owns it or what it is called is no part."""
    workflow = schedule.workflow
    return {
        "identity": str(schedule.managed_identity_id),
        "workflow": workflow.key,
        "version": workflow.version,
        "definition": digest(workflow.definition),
        "cron": schedule.cron_expression,
        "timezone": schedule.timezone,
        "inputs": schedule.input_data,
        "secret_reference": schedule.secret_reference,
        "misfire_policy": schedule.misfire_policy,
        "overlap_policy": schedule.overlap_policy,
        "overlap_limit": schedule.overlap_limit,
    }


def is_needed(identity: ManagedIdentity) -> bool:
    """Whether what runs as it needs others' word; a tier that was lowered counts only when that was approved."""
    return identity_approval.approved_tier(identity) == RiskTier.HIGH


def follow(schedule: Schedule, *, actor: Actor, involved: Iterable[str] = ()) -> Schedule:
    """After a command on `schedule`, whose row and identity are held: ask, ask anew, or take it back.

    What the house sets up by itself (built in, or the demo) needs nobody's word.
    """
    if schedule.approval_state == NONE and actor.kind == ActorKind.SYSTEM:
        return schedule
    identity = register.by_id(schedule.managed_identity_id)
    if identity is None or identity.tenant_id != schedule.tenant_id:
        return schedule
    if not is_needed(identity):
        if schedule.approval_state != NONE:
            _free(schedule, actor)
        return schedule
    _settle(schedule, identity, content_of(schedule), actor, involved)
    return schedule


def follow_workflow(workflow_id: int, *, actor: Actor) -> None:
    """A new version of this workflow: every schedule of it that needs others' word asks for it anew."""
    rows = _all(workflow_id=workflow_id)
    if actor.kind == ActorKind.SYSTEM:
        rows = [row for row in rows if row.approval_state != NONE]
    else:
        high = ManagedIdentity.objects.filter(pk__in=[row.managed_identity_id for row in rows])
        watched = set(high.exclude(risk_tier__in=_LOWER, approval_state="").values_list("pk", flat=True))
        rows = [row for row in rows if row.approval_state != NONE or row.managed_identity_id in watched]
    for schedule in rows:
        follow(schedule, actor=actor)


def end(schedule: Schedule, *, actor: Actor) -> None:
    """It is removed: nobody has to answer any more."""
    if schedule.approval_state != NONE:
        asking.drop(KIND, schedule.pk, reason="The schedule was removed", actor=actor)


@transaction.atomic
def ask_again(schedule: Schedule, *, actor: Actor) -> Schedule:
    """Put the question again where none waits: after a no, or where nobody answered."""
    locks.hold([schedule.managed_identity_id])
    locked = _locked(schedule.pk)
    if locked is None or locked.approval_state != PENDING:
        return schedule
    return follow(locked, actor=actor)


def refusal(run: ScheduleRun, identity: ManagedIdentity, at: datetime) -> str:
    """Why this run may not go for want of others' word; empty where it may. A query only where the tier is high."""
    if run.schedule.approval_state == NONE and identity.risk_tier != RiskTier.HIGH:
        return ""
    schedule = Schedule.objects.select_related("workflow__resource_policy").get(pk=run.schedule_id)
    if schedule.approval_state == NONE:
        return ""
    if found := standing_refusal(schedule, at):
        return found
    return "" if _is_of(run, schedule) else OLD_RUN


def standing_refusal(schedule: Schedule, at: datetime) -> str:
    """Why a run of it at `at` would be refused; empty where it may go, or needs nobody's word."""
    if schedule.approval_state == NONE:
        return ""
    is_same = schedule.approved_hash == digest(content_of(schedule))
    if schedule.approval_state == APPROVED:
        return "" if is_same else CHANGED
    runs_on = schedule.approval_by is not None and at < schedule.approval_by
    return "" if is_same and runs_on else WAITS


@transaction.atomic
def catch_up(schedule: Schedule, *, actor: Actor) -> None:
    """What it runs was changed from elsewhere (the workflow's policy): ask anew, without whoever changed that."""
    locks.hold([schedule.managed_identity_id])
    locked = _locked(schedule.pk)
    if locked is not None and locked.approval_state == APPROVED:
        policy_id = locked.workflow.resource_policy_id
        by = AuditEvent.objects.filter(type=PolicyEvent.CHANGED, subject_id=str(policy_id or ""))
        follow(locked, actor=actor, involved=list(by.values_list("actor_id", flat=True).distinct()))


_LOWER = (RiskTier.LOW.value, RiskTier.MEDIUM.value)


def _settle(
    schedule: Schedule, identity: ManagedIdentity, content: dict[str, Any], actor: Actor, involved: Iterable[str]
) -> None:
    now = digest(content)
    is_approved = schedule.approved_hash == now and schedule.approval_by is None
    if is_approved:
        asking.drop(KIND, schedule.pk, reason=AS_BEFORE, actor=actor)
        if schedule.approval_state != APPROVED:
            _stand(schedule, APPROVED, actor=actor, reason=AS_BEFORE)
        return
    if schedule.approval_state != PENDING:
        _stand(schedule, PENDING, actor=actor, reason=WAITS)
    pending = approvals.pending_of(KIND, schedule.pk)
    if pending is None or pending.content_hash != now:
        _ask(schedule, identity, content, actor, involved)


def _ask(
    schedule: Schedule, identity: ManagedIdentity, content: dict[str, Any], actor: Actor, involved: Iterable[str]
) -> None:
    last = ApprovalRequest.objects.filter(subject_kind=KIND, subject_id=schedule.pk, state=ApprovalState.APPROVED)
    said = context.current().change or context.Change()
    asking.ask(
        subject=schedule.subject,
        content=content,
        risk_tier=RiskTier.HIGH.value,
        summary=f"Schedule {schedule.name} as {identity.name}",
        actor=actor,
        identity=identity,
        involved=involved,
        ticket=said.ticket,
        change_note=said.note,
        rollback_plan=said.rollback_plan,
        previous_content=last.order_by("-requested_at", "-pk").values_list("content", flat=True).first(),
    )


def _rise(schedule: Schedule, identity: ManagedIdentity, actor: Actor) -> None:
    """Its identity is of the high tier now. What was neither approved nor let run on before, runs on for a while."""
    content = content_of(schedule)
    if not schedule.approved_hash and not _was_high(identity):
        schedule.approved_hash, schedule.approval_by = digest(content), timezone.now() + GRACE
        _stand(schedule, PENDING, actor=actor, reason=f"{WAITS}; until {schedule.approval_by:%Y-%m-%d} it runs on")
    _settle(schedule, identity, content, actor, ())


def _was_high(identity: ManagedIdentity) -> bool:
    """Whether its tier was lowered only lately: a time of low tier is no way to let run what nobody approved."""
    events = AuditEvent.objects.filter(subject_id=str(identity.pk), type=IdentityEvent.CHANGED)
    lowered = events.filter(recorded_at__gte=timezone.now() - GRACE)
    return lowered.filter(changes__risk_tier__previous=RiskTier.HIGH.value).exists()


def _release(schedule: Schedule, actor: Actor, *, is_agreed: bool) -> None:
    """A lower tier needs nobody's word; but whoever waits for a yes does not get around it by lowering the tier."""
    last = approvals.latest(KIND, schedule.pk)
    is_another = actor.is_human and (last is None or actor.id not in last.involved)
    if schedule.approval_state == APPROVED or is_agreed or is_another:
        _free(schedule, actor)


def _free(schedule: Schedule, actor: Actor) -> None:
    asking.drop(KIND, schedule.pk, reason=NOT_NEEDED, actor=actor)
    _stand(schedule, NONE, actor=actor, reason=NOT_NEEDED)


def _stand(schedule: Schedule, state: str, *, actor: Actor, reason: str) -> None:
    """Hash and date stay when the tier falls: should it rise again, what was approved then still is."""
    was, schedule.approval_state = schedule.approval_state, state
    schedule.save(update_fields=["approval_state", "approved_hash", "approval_by"])
    audit.record(
        ScheduleEvent.APPROVED if state == APPROVED else ScheduleEvent.UNAPPROVED,
        actor=actor,
        subject=schedule.subject,
        reason=reason,
        changes=changes.between({"approval_state": was}, {"approval_state": state}),
        details={"approved_sha256": schedule.approved_hash},
    )


def _is_of(run: ScheduleRun, schedule: Schedule) -> bool:
    """Whether the run was made from the schedule as it stands: a later edit touches later runs only."""
    made_from = (run.workflow_id, run.workflow_version, run.identity_id, run.secret_reference)
    stands = (schedule.workflow_id, schedule.workflow.version, schedule.managed_identity_id, schedule.secret_reference)
    return made_from == stands and run.input_data == _input_of(run, schedule)


def _input_of(run: ScheduleRun, schedule: Schedule) -> Any:
    place = calendars.parse(schedule.cron_expression, schedule.timezone).place
    moment = run.scheduled_for or run.requested_at or run.created_at
    facts = templating.ScheduleFacts(id=str(schedule.pk), name=schedule.name, timezone=place, at=moment)
    return templating.resolve_schedule(schedule.input_data, facts)


def _all(**which: object) -> list[Schedule]:
    rows = Schedule.objects.select_for_update(no_key=True, of=("self",)).select_related("workflow__resource_policy")
    return list(rows.filter(deleted_at=None, **which).order_by("pk"))


def _locked(schedule_id: UUID) -> Schedule | None:
    return next(iter(_all(pk=schedule_id)), None)
