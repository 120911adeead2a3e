"""Commands on findings: accept for a time, open again, comment, assign; and the evaluation that keeps them true."""

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from audit.scrubbing import holds_secret
from identities.detections.models import Finding, FindingComment, FindingState, Severity
from identities.detections.subjects import subject_of
from identities.detections.sweeping import Evaluated, evaluate, open_again
from identities.errors import Conflict, Invalid
from identities.events import FindingEvent
from identities.people.models import User

__all__ = ["Evaluated", "accept", "assign", "comment", "evaluate", "latest_acceptance", "reopen"]
#: For how long one may answer for a finding, by its severity: the worse, the sooner it is looked at again.
ACCEPTED_AT_MOST = {Severity.CRITICAL: 30, Severity.HIGH: 90, Severity.MEDIUM: 180, Severity.LOW: 365}
MAX_REASON, MAX_COMMENT = 500, 4000


def latest_acceptance(finding: Finding, *, today: date) -> date:
    """The last day until which this finding can be accepted now."""
    return today + timedelta(days=ACCEPTED_AT_MOST[Severity(finding.severity)])


@transaction.atomic
def accept(finding: Finding, *, until: date, reason: str, actor: Actor) -> Finding:
    """Answer for a finding until the end of that day (UTC); then it opens again by itself.

    Raises Invalid for a day that is past or too far away for its severity, and without a reason; Conflict for one that
    is resolved. Accepting again moves the day.
    """
    locked, at = _lock(finding), timezone.now()
    said = _text(reason, "reason", MAX_REASON)
    latest = latest_acceptance(locked, today=at.date())
    if not at.date() <= until <= latest:
        raise Invalid({"until": [f"Between today and {latest:%d %b %Y}, {locked.severity} findings no longer."]})
    if locked.state == FindingState.RESOLVED:
        raise Conflict("The cause of this finding is gone: there is nothing to accept.", code="finding_resolved")
    before = _snapshot(locked)
    locked.state, locked.accepted_until = FindingState.ACCEPTED, until
    locked.accepted_reason, locked.accepted_by = said, actor.label
    locked.save(update_fields=["state", "accepted_until", "accepted_reason", "accepted_by"])
    _record(FindingEvent.ACCEPTED, locked, actor, said, changes.between(before, _snapshot(locked)))
    return locked


@transaction.atomic
def reopen(finding: Finding, *, reason: str, actor: Actor) -> Finding:
    """End an acceptance. Raises Conflict where there is none: a resolved finding opens when its cause is back."""
    locked, said = _lock(finding), _text(reason, "reason", MAX_REASON)
    if locked.state != FindingState.ACCEPTED:
        raise Conflict(
            f"This finding is {locked.state}: only an accepted one is reopened.", code="finding_not_accepted"
        )
    before, seen = _snapshot(locked), locked.last_seen_at
    open_again(locked, at=timezone.now())
    locked.last_seen_at = seen
    locked.save(update_fields=["state", "opened_at", "accepted_until", "accepted_reason", "accepted_by"])
    _record(FindingEvent.REOPENED, locked, actor, said, changes.between(before, _snapshot(locked)))
    return locked


@transaction.atomic
def comment(finding: Finding, *, text: str, actor: Actor) -> FindingComment:
    """Say something about a finding, whatever its state; it stays as it was said."""
    locked = _lock(finding)
    said = FindingComment.objects.create(
        finding=locked, author=actor.label, text=_text(text, "text", MAX_COMMENT), at=timezone.now()
    )
    _record(FindingEvent.COMMENTED, locked, actor, said.text)
    return said


@transaction.atomic
def assign(finding: Finding, *, owner_id: UUID | None, actor: Actor, reason: str = "") -> Finding:
    """Give a finding to a person of its tenant; None gives it back to whoever owns the identity.

    Raises Invalid for somebody else's person, a service user and a disabled account, all alike.
    """
    locked = _lock(finding)
    said = _text(reason, "reason", MAX_REASON) if reason.strip() else ""
    before, owner = _snapshot(locked), _person(owner_id, locked) if owner_id else _owner_of_identity(locked)
    locked.owner, locked.is_assigned = owner, owner_id is not None
    locked.save(update_fields=["owner", "is_assigned"])
    found = changes.between(before, _snapshot(locked))
    if found:
        _record(FindingEvent.ASSIGNED, locked, actor, said, found)
    return locked


def _lock(finding: Finding) -> Finding:
    rows = Finding.objects.select_for_update(no_key=True, of=("self",)).select_related("identity", "owner")
    return rows.get(pk=finding.pk)


def _person(owner_id: UUID, finding: Finding) -> User:
    people = User.objects.filter(pk=owner_id, tenant_id=finding.tenant_id, is_active=True, is_agent=False)
    found = people.first()
    if found is None:
        raise Invalid({"owner_id": ["There is no such person."]})
    return found


def _owner_of_identity(finding: Finding) -> User | None:
    owners = (finding.identity.technical_owner, finding.identity.business_owner)
    return next((owner for owner in owners if owner is not None and owner.is_active), None)


def _text(written: str, member: str, longest: int) -> str:
    text = written.strip()
    if not text or len(text) > longest:
        raise Invalid({member: [f"1 to {longest} characters."]})
    if holds_secret(text):
        raise Invalid({member: ["This holds what reads as a secret. Say it without."]})
    return text


def _snapshot(finding: Finding) -> dict[str, object]:
    until = finding.accepted_until
    return {
        "state": str(finding.state),
        "accepted_until": until.isoformat() if until else None,
        "owner": finding.owner.email if finding.owner else None,
        "is_assigned": finding.is_assigned,
    }


def _record(
    event: FindingEvent, finding: Finding, actor: Actor, reason: str, found: changes.Changes | None = None
) -> None:
    details = {"identity_id": str(finding.identity_id), "code": finding.code, "severity": finding.severity}
    audit.record(event, actor=actor, subject=subject_of(finding), reason=reason, changes=found, details=details)
