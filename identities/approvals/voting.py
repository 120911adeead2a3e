"""Voting: one person's yes or no, checked and counted in one transaction with everything it rests on locked."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.events import Outcome
from identities.approvals import asking, ending, recording, telling
from identities.approvals.four_eyes import NOT_A_PERSON, Refusal
from identities.approvals.models import ApprovalRequest, ApprovalState, ApprovalVote, Need
from identities.approvals.selectors import open_needs
from identities.approvals.voters import Voice, voice
from identities.errors import Conflict, Invalid, Refused
from identities.events import ApprovalEvent
from identities.inventory.portrait.base import digest
from identities.people.models import User


def approve(
    approval: ApprovalRequest,
    *,
    actor: Actor,
    reason: str = "",
    content_hash: str | None = None,
    need: Need | str | None = None,
) -> ApprovalRequest:
    """Say yes to exactly the content of this approval; with the last yes its subject goes on in the same transaction.

    `content_hash` is what the voter saw, `need` as what they speak. Raises Refused with the code of the cause, which is
    recorded (`own_request`, `same_person`, `young_account`, `hand_of_requester`, `not_a_person`, `not_entitled`,
    `already_voted`); Conflict `changed_since` (it was asked anew), `already_decided`, `approval_expired`,
    `subject_gone`; Invalid for a need that there is not.
    """
    if need is not None and need not in Need.values:
        raise Invalid({"need": ["There is no such need."]})
    return _cast(approval, _Ballot(actor, reason.strip(), content_hash, Need(need) if need else None, is_approval=True))


def reject(approval: ApprovalRequest, *, reason: str, actor: Actor, content_hash: str | None = None) -> ApprovalRequest:
    """Say no: one is enough. Raises as `approve`, and Invalid without a reason."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    return _cast(approval, _Ballot(actor, reason.strip(), content_hash, None, is_approval=False))


@dataclass(frozen=True, slots=True)
class _Ballot:
    actor: Actor
    reason: str
    content_hash: str | None
    need: Need | None
    is_approval: bool


def _cast(approval: ApprovalRequest, ballot: _Ballot) -> ApprovalRequest:
    try:
        with transaction.atomic():
            row, conflict = _count(approval, ballot)
    except Refused as refused:
        _note_refused(approval, ballot, refused)
        raise
    # What was found out about the approval stands, also where the vote does not.
    if conflict is not None:
        raise conflict
    return row


def _count(approval: ApprovalRequest, ballot: _Ballot) -> tuple[ApprovalRequest, Conflict | None]:
    person = _person(ballot.actor)
    row, content = ending.lock(approval)
    ending.check_pending(row)
    speaking = voice(row, person, need=ballot.need)
    if isinstance(speaking, Refusal):
        raise Refused(speaking.sentence, code=speaking.code)
    conflict = _outdated(row, content, ballot)
    if conflict is None:
        _write(row, speaking, ballot)
    return row, conflict


def _person(actor: Actor) -> User:
    """The voter, held: nobody takes their role or sets their password in the middle of it."""
    if actor.is_human:
        try:
            found = User.objects.select_for_update(no_key=True).filter(pk=UUID(actor.id)).first()
        except ValueError:
            found = None
        if found is not None:
            return found
    raise Refused(NOT_A_PERSON.sentence, code=NOT_A_PERSON.code)


def _outdated(row: ApprovalRequest, content: dict[str, Any] | None, ballot: _Ballot) -> Conflict | None:
    """Put right what does not stand any more, and say so."""
    at = timezone.now()
    if row.due_at is not None and row.due_at <= at:
        ending.end(row, ApprovalState.EXPIRED, reason=ending.UNANSWERED, actor=ending.SYSTEM, at=at)
        return Conflict("Nobody answered in time: it has expired.", code="approval_expired")
    if content is None:
        ending.end(row, ApprovalState.WITHDRAWN, reason=ending.GONE, actor=ending.SYSTEM, at=at)
        return Conflict("What it was about is gone.", code="subject_gone")
    if digest(content) != row.content_hash:
        asking.anew(row, content, actor=ending.SYSTEM)
        row.refresh_from_db()
        return Conflict("What it was about has changed since: it was asked anew.", code="changed_since")
    if ballot.content_hash is not None and ballot.content_hash != row.content_hash:
        return Conflict("This is not what you saw: look again.", code="changed_since")
    return None


def _write(row: ApprovalRequest, speaking: Voice, ballot: _Ballot) -> None:
    at = timezone.now()
    needs = speaking.needs if ballot.is_approval else speaking.needs[:1]
    for need in needs:
        ApprovalVote.objects.create(
            approval=row,
            need=need,
            person=speaking.person,
            person_label=speaking.person.email,
            is_approval=ballot.is_approval,
            reason=ballot.reason,
            content_hash=row.content_hash,
            at=at,
        )
    recording.record(
        ApprovalEvent.VOTED,
        row,
        actor=ballot.actor,
        reason=ballot.reason,
        needs=[need.value for need in needs],
        is_approval=ballot.is_approval,
    )
    if not ballot.is_approval:
        ending.end(row, ApprovalState.REJECTED, reason=ballot.reason, actor=ballot.actor)
    elif open_needs(row):
        telling.less(row, speaking.able, voters=[speaking.person.pk], at=at)
    else:
        telling.settle(row, at=at)
        asking.approve(row, actor=ballot.actor)
        telling.answer(row, reason=ballot.reason)


@transaction.atomic
def _note_refused(approval: ApprovalRequest, ballot: _Ballot, refused: Refused) -> None:
    recording.record(
        ApprovalEvent.VOTE_REFUSED,
        approval,
        actor=ballot.actor,
        outcome=Outcome.DENIED,
        reason=refused.message,
        code=refused.code,
        is_approval=ballot.is_approval,
    )
