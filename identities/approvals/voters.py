"""Voters: what one person's word on one approval would count for now, or why it would not. Changes nothing."""

from dataclasses import dataclass, replace

from identities.approvals import entitlement, four_eyes, needs
from identities.approvals.entitlement import Able
from identities.approvals.four_eyes import Refusal
from identities.approvals.models import ApprovalRequest, Need
from identities.approvals.selectors import open_needs, spans
from identities.people.models import User

VOTED = Refusal("already_voted", "You have given your word on this already.")
FOREIGN = Refusal("not_entitled", "This belongs to another tenant.")


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who may vote: as what their yes counts, and who else could speak."""

    person: User
    needs: tuple[Need, ...]
    able: Able


def voice(approval: ApprovalRequest, person: User, *, need: Need | None = None) -> Voice | Refusal:
    """What a word of `person` counts for, or why it counts for nothing. The approval is pending."""
    if person.tenant_id != approval.tenant_id and not person.is_platform_admin:
        return FOREIGN
    votes = list(approval.votes.all())
    if person.pk in {vote.person_id for vote in votes} - _asked_as_owner(approval):
        return VOTED
    refused = _not_four_eyes(approval, person, {str(vote.person_id) for vote in votes})
    if refused is not None:
        return refused
    open_now = open_needs(approval)
    wanted = [need] if need in open_now else open_now
    able = entitlement.with_visitor(entitlement.able(approval), person)
    found = _met(approval, person, wanted, able)
    if not found and _stands_in(approval, person, wanted, able):
        able = replace(able, owners={})
        found = _met(approval, person, wanted, able)
    if not found or (need is not None and need not in found):
        return _not_entitled(open_now)
    return Voice(person, found, able)


def _asked_as_owner(approval: ApprovalRequest) -> set[object]:
    """Who asked is told that it is their own, not that they have voted."""
    return {vote.person_id for vote in approval.votes.all() if str(vote.person_id) in approval.involved}


def _met(approval: ApprovalRequest, person: User, wanted: list[Need], able: Able) -> tuple[Need, ...]:
    people = {one: able.of(one) for one in Need}
    is_owner = person.pk in able.owners
    return needs.met_by(person.pk, wanted, people, alone=approval.distinct_people, is_owner=is_owner)


def _stands_in(approval: ApprovalRequest, person: User, wanted: list[Need], able: Able) -> bool:
    """Where no owner may speak, for want of four eyes, those who govern answer for it."""
    if Need.OWNER not in wanted or person.pk not in able.security:
        return False
    return all(_not_four_eyes(approval, owner, set()) for owner in able.owners.values())


def _not_four_eyes(approval: ApprovalRequest, person: User, voters: set[str]) -> Refusal | None:
    # Where two have to speak, the first is to the second what who asked is to both.
    others = {*approval.involved, *(voters if approval.distinct_people else ())}
    # Asking anew makes nobody's account older; a change of owner is mostly the very change that is asked about.
    since, owned_since = spans(approval)
    return four_eyes.find(
        person,
        involved=others,
        since=since,
        # Of what is not there yet, who asks names the owner anyway.
        owned=[approval.subject_id, approval.identity_id] if approval.identity_id else [],
        owned_since=owned_since,
    )


def _not_entitled(open_now: list[Need]) -> Refusal:
    words = {
        Need.SECURITY: "somebody who speaks for security",
        Need.OWNER: "an owner",
        Need.APPROVER: "an ADMIN or an owner",
    }
    return Refusal("not_entitled", f"It waits for {' and '.join(words[need] for need in open_now)}.")
