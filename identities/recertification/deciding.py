"""Whether somebody may answer an item: its reviewer or an ADMIN, a person, and never about what is his own."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from audit.actors import Actor
from audit.models import AuditEvent
from identities.approvals import four_eyes
from identities.errors import Refused
from identities.events import IdentityEvent
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, User
from identities.recertification import drift, reviewers
from identities.recertification.models import Decision, ReviewerRule, ReviewItem

NOT_YOURS = "not_your_item"
#: Ownership given away so shortly before the campaign, or since, is still one's own.
LOOKS_BACK = timedelta(days=30)


def check(item: ReviewItem, identity: ManagedIdentity, *, decision: str, actor: Actor) -> User:
    """The person who answers; raises Refused (`not_a_person`, `not_your_item`, `same_person`, `hand_of_requester`).

    To hand an item on is open to whoever may answer it, also about what is his own.
    """
    person = _person(actor)
    tenant_id = item.campaign.tenant_id
    governs = person.role == PortalRole.ADMIN and (person.tenant_id == tenant_id or person.is_platform_admin)
    if not governs and (item.reviewer_id != person.pk or not reviewers.can_answer(person, tenant_id)):
        raise Refused("Somebody else was asked about this.", code=NOT_YOURS)
    if decision != Decision.REASSIGN:
        _check_own(item, identity, person)
    if decision == Decision.CERTIFY and item.campaign.is_drift:
        _check_hands(item, identity, person)
    return person


def check_undo(item: ReviewItem, identity: ManagedIdentity, *, actor: Actor) -> None:
    """Who might not have answered it does not undo the answer either. Raises Refused as `check`."""
    _check_own(item, identity, _person(actor))


def check_receiver(item: ReviewItem, identity: ManagedIdentity, receiver: User, *, giver: User) -> str:
    """Why `receiver` cannot be asked in the place of `giver`; empty where he can."""
    tenant_id = item.campaign.tenant_id
    if not reviewers.can_answer(receiver, tenant_id):
        return "Only a person of the tenant who is active and whose role may answer reviews."
    if receiver.pk == item.reviewer_id:
        return "This person is asked already."
    involved = {str(giver.pk)}
    if _is_own(item, identity, receiver):
        return "It is this person's own."
    if item.campaign.reviewer_rule != ReviewerRule.OWNER:
        involved |= {str(pk) for pk in reviewers.named(identity)}
    found = _other_account(receiver, item, involved - {str(receiver.pk)})
    return "This account seems to belong to the same person." if found else ""


def _person(actor: Actor) -> User:
    if not actor.is_human:
        raise Refused("Only a person answers a review.", code="not_a_person")
    known = _id(actor.id)
    person = User.objects.filter(pk=known, is_active=True, is_agent=False).first() if known else None
    if person is None:
        raise Refused("Only a person answers a review.", code="not_a_person")
    return person


def _check_own(item: ReviewItem, identity: ManagedIdentity, person: User) -> None:
    if _is_own(item, identity, person):
        raise Refused("It is your own: somebody else answers for it.", code=NOT_YOURS)
    involved = _involved(item, identity) - {str(person.pk)}
    if found := _other_account(person, item, involved):
        raise Refused("This account and one of those whose own it is seem to be one.", code=found.code)


def _check_hands(item: ReviewItem, identity: ManagedIdentity, person: User) -> None:
    """What changed after it was certified is not certified by who changed it, nor by another account of theirs."""
    hands = drift.changed_by(identity.pk)
    if str(person.pk) in hands:
        raise Refused("You made this change: somebody else certifies it.", code=NOT_YOURS)
    if found := _other_account(person, item, hands):
        raise Refused("This account and one of those who made this change seem to be one.", code=found.code)


def _is_own(item: ReviewItem, identity: ManagedIdentity, person: User) -> bool:
    """Under rule `owner` the owner is who is asked; only who launched the campaign has nothing to say of his own."""
    campaign = item.campaign
    if campaign.reviewer_rule == ReviewerRule.OWNER and not reviewers.is_launcher(person, campaign):
        return False
    return reviewers.is_own(person, identity, rule=campaign.reviewer_rule) or _gave_away(item, identity, person)


def _involved(item: ReviewItem, identity: ManagedIdentity) -> set[str]:
    """Whose other accounts may not answer either."""
    owners = {str(pk) for pk in reviewers.named(identity)}
    if item.campaign.reviewer_rule == ReviewerRule.OWNER:
        return owners & {item.campaign.created_by_id}
    return owners


def _gave_away(item: ReviewItem, identity: ManagedIdentity, person: User) -> bool:
    """Was it his own until shortly before? Who gives it away to answer for it, and takes it back, owns it."""
    events = AuditEvent.objects.filter(
        subject_id=str(identity.pk),
        type=IdentityEvent.CHANGED,
        recorded_at__gte=item.campaign.opened_at - LOOKS_BACK,
    )
    was = [
        changes[role].get("previous")
        for changes in events.values_list("changes", flat=True)
        for role in reviewers.NAMED
        if isinstance(changes.get(role), dict)
    ]
    return person.email in was


def _other_account(person: User, item: ReviewItem, involved: Collection[str]) -> four_eyes.Refusal | None:
    """Is this account the same pair of eyes as one of these, or made able by them since the campaign began?"""
    if not involved:
        return None
    since = max(item.campaign.opened_at, person.created_at)
    found = four_eyes.find(person, involved=involved, since=since)
    return found if found in (four_eyes.SAME, four_eyes.HAND) else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
