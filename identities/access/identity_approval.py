"""An identity that others approved stays as they approved it: what changes it asks again (four eyes, S3-63).

Until it is approved anew it goes on as it was, and roles that were granted meanwhile give nothing.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import changes, context, services as audit
from audit.actors import Actor
from identities.access import services as access
from identities.approvals import selectors as approvals, services as asking
from identities.approvals.adopting import adopt
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.approvals.subjects.base import Approvable
from identities.errors import Invalid
from identities.events import IdentityEvent
from identities.inventory.answering import answer_for
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest, kinds, still
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import RiskTier
from identities.inventory.watchers.base import Watcher, run_watchers
from identities.people.models import User

KIND = "identity"
#: What is approved of an identity; its credentials are not, or no rotation would be free.
PARTS = ("place", "owners", "bindings", "secret_references", "schedules", "trust")
APPROVED, PENDING = "approved", "pending"
#: The part by which watchers hear that an identity stands approved again.
SETTLED = "approval"
AS_BEFORE = "It is again as it was approved"
TIERS = (RiskTier.LOW.value, RiskTier.MEDIUM.value, RiskTier.HIGH.value)
SAY_NOTE = "Say what changes and why: this identity is of the high tier and under approval."
SAY_PLAN = "Say how it is taken back if it goes wrong: this identity is of the high tier and under approval."


class ApprovedIdentity(Approvable):
    """The identity, by the parts of its portrait that were agreed to."""

    kind = KIND
    label = "Identity"

    def content(self, subject_id: UUID) -> dict[str, Any] | None:
        identity = _locked(subject_id)
        if identity is None or identity.state == State.RETIRED:
            return None
        now, pending = content_of(identity), approvals.pending_of(KIND, subject_id)
        # A role that ended by its own date since it was asked is no change of what was asked.
        return pending.content if pending is not None and _is_same(pending.content, now) else now

    def owners(self, approval: ApprovalRequest) -> Collection[UUID]:
        """Who answered for it when it was approved: whoever a change made its owner has no word on that change."""
        if former := (approval.previous_content or {}).get("owners"):
            return _people_of(former)
        identity = ManagedIdentity.objects.select_related("owner_team").get(pk=approval.subject_id)
        return [person.pk for person in answer_for(identity)]

    def approved(self, approval: ApprovalRequest, *, actor: Actor) -> None:
        identity = ManagedIdentity.objects.get(pk=approval.subject_id)
        _stand(identity, APPROVED, actor=actor, reason=approval.summary, approval=approval)
        access.release_bindings(identity, actor=actor, reason=approval.summary)
        run_watchers(identity, part=SETTLED, actor=actor)

    def ended(self, approval: ApprovalRequest, *, reason: str, actor: Actor) -> None:
        identity = ManagedIdentity.objects.get(pk=approval.subject_id)
        why = f"Not approved: {reason}"
        access.end_bindings_of(identity, actor=actor, reason=why, only_waiting=True)
        if _is_same(approved_content(identity.pk), content_of(identity)):
            _stand(identity, APPROVED, actor=actor, reason=AS_BEFORE, approval=approval)
            run_watchers(identity, part=SETTLED, actor=actor)


class ApprovalWatcher(Watcher):
    """Asks again when an approved identity is no longer what was approved; takes it back when it is again."""

    kind = "identity_approval"

    def concerns(self, identity: ManagedIdentity) -> bool:
        return identity.approval_state != ""

    def changed(self, identity: ManagedIdentity, *, part: str, actor: Actor) -> None:
        if part not in PARTS:
            return
        locked = _locked(identity.pk)
        if locked is None:
            return
        if locked.state == State.RETIRED:
            asking.drop(KIND, locked.pk, reason="It was retired", actor=actor)
            return
        _review(locked, actor)
        identity.approval_state = locked.approval_state


@transaction.atomic
def begin(identity: ManagedIdentity, approval: ApprovalRequest, *, actor: Actor) -> ManagedIdentity:
    """From here on `identity` is under approval, as `approval` (of the request it came from) said yes to it.

    Call it in the transaction that issued it. Of one that was under approval before, only what the request itself
    changed is taken as approved: where something else waits for an answer, all of it goes on waiting.
    """
    locked = _locked(identity.pk)
    if locked is None:
        return identity
    if locked.approval_state and not _is_of_request(locked, approval, actor):
        return locked
    asking.drop(KIND, locked.pk, reason=approval.summary, actor=actor)
    adopt(approval, subject=subject_of(locked), content=content_of(locked), identity=locked, actor=actor)
    locked.refresh_from_db(fields=["approval_state"])
    identity.approval_state = locked.approval_state
    return locked


def content_of(identity: ManagedIdentity) -> dict[str, Any]:
    """What is approved of it, as it stands now."""
    return {kind: kinds[kind]().of([identity]).get(identity.pk) for kind in PARTS if kind in kinds}


def approved_content(identity_id: UUID) -> dict[str, Any]:
    """What was approved last; nothing where nothing was."""
    about = ApprovalRequest.objects.filter(subject_kind=KIND, subject_id=identity_id, state=ApprovalState.APPROVED)
    found = about.order_by("-requested_at", "-pk").values_list("content", flat=True).first()
    return dict(found or {})


def approved_tier(identity: ManagedIdentity) -> str:
    """The tier it counts as until somebody approved another: the higher of what it is and what was approved.

    One query, and only for an identity whose approval waits.
    """
    if identity.approval_state != PENDING or identity.risk_tier == RiskTier.HIGH:
        return identity.risk_tier
    return _highest(identity.risk_tier, _tier_of(approved_content(identity.pk)))


def _review(identity: ManagedIdentity, actor: Actor) -> None:
    before, now = approved_content(identity.pk), content_of(identity)
    if _is_same(before, now):
        asking.drop(KIND, identity.pk, reason=AS_BEFORE, actor=actor)
        if identity.approval_state != APPROVED:
            _stand(identity, APPROVED, actor=actor, reason=AS_BEFORE)
            run_watchers(identity, part=SETTLED, actor=actor)
        return
    pending = approvals.pending_of(KIND, identity.pk)
    if pending is not None and _is_same(pending.content, now):
        return
    tier = _highest(identity.risk_tier, _tier_of(before), pending.risk_tier if pending else "")
    parts = _differing(before, now)
    if identity.approval_state != PENDING:
        _stand(identity, PENDING, actor=actor, reason=f"Changed since it was approved: {parts}")
    _ask(identity, now, before, tier=tier, parts=parts, actor=actor)
    identity.refresh_from_db(fields=["approval_state"])


def _ask(
    identity: ManagedIdentity, now: dict[str, Any], before: dict[str, Any], *, tier: str, parts: str, actor: Actor
) -> None:
    said = context.current().change
    if said is not None and tier == RiskTier.HIGH:
        missing = {"change.note": said.note, "change.rollback_plan": said.rollback_plan}
        texts = {"change.note": [SAY_NOTE], "change.rollback_plan": [SAY_PLAN]}
        if lacking := {member: texts[member] for member, text in missing.items() if not text}:
            raise Invalid(lacking, code="change_control_required")
    said = said or context.Change()
    asking.ask(
        subject=subject_of(identity),
        content=now,
        risk_tier=tier,
        summary=f"Changed since it was approved: {identity.name} ({parts})",
        actor=actor,
        identity=identity,
        ticket=said.ticket,
        change_note=said.note,
        rollback_plan=said.rollback_plan,
        previous_content=before,
    )


def _stand(
    identity: ManagedIdentity, state: str, *, actor: Actor, reason: str, approval: ApprovalRequest | None = None
) -> None:
    was = identity.approval_state
    identity.approval_state = state
    identity.save(update_fields=["approval_state"])
    audit.record(
        IdentityEvent.APPROVED if state == APPROVED else IdentityEvent.UNAPPROVED,
        actor=actor,
        subject=subject_of(identity),
        reason=reason,
        changes=changes.between({"approval_state": was}, {"approval_state": state}),
        details={"approval_id": str(approval.pk)} if approval else None,
    )


def _is_of_request(identity: ManagedIdentity, approval: ApprovalRequest, actor: Actor) -> bool:
    """Whether all that waits was changed by issuing this request and by nothing else."""
    about = ApprovalRequest.objects.filter(subject_kind=KIND, subject_id=identity.pk)
    open_ones = list(about.filter(state__in=(ApprovalState.PENDING, ApprovalState.SUPERSEDED)))
    last = about.filter(state=ApprovalState.APPROVED).order_by("-requested_at").first()
    since = [one for one in open_ones if last is None or one.requested_at > last.requested_at]
    if identity.approval_state == PENDING and not since:
        return False
    begun = approval.decided_at or timezone.now()
    return all(one.requested_by_id == actor.id and one.requested_at >= begun for one in since)


def _is_same(kept: dict[str, Any], now: dict[str, Any]) -> bool:
    return digest(still(kept, timezone.now())) == digest(now)


def _differing(before: dict[str, Any], now: dict[str, Any]) -> str:
    kept = still(before, timezone.now())
    names = [kinds[kind].label.lower() for kind in PARTS if kept.get(kind) != now.get(kind)]
    return ", ".join(names)


def _people_of(owners: dict[str, str | None]) -> list[UUID]:
    named = [UUID(key) for name, key in owners.items() if key and name != "owner_team_id"]
    team = owners.get("owner_team_id")
    members = User.objects.filter(teams=UUID(team)).values_list("pk", flat=True) if team else ()
    return [*named, *members]


def _tier_of(content: dict[str, Any]) -> str:
    return str((content.get("place") or {}).get("risk_tier") or "")


def _highest(*tiers: str) -> str:
    return max((tier for tier in tiers if tier in TIERS), key=TIERS.index, default=RiskTier.HIGH.value)


def _locked(identity_id: UUID) -> ManagedIdentity | None:
    return ManagedIdentity.objects.select_for_update(no_key=True, of=("self",)).filter(pk=identity_id).first()
