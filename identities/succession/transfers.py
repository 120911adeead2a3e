"""Commands on a transfer: an identity changes hands when the receiver says yes, and its bindings end with it (S4-66).

Whoever takes it over answers for what it may do from then on: so they ask for that anew, and inherit nothing.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.access import services as access
from identities.errors import Conflict, Invalid, Refused
from identities.events import TransferEvent
from identities.inventory import owners, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.people.models import User
from identities.succession import telling
from identities.succession.models import OwnershipTransfer, TransferState

TO_ANSWER = timedelta(days=14)
MAX_TICKET = 254
ENDED = "It changed hands: the new owner asks anew"
CLOCK = Actor.system("succession")


@transaction.atomic
def ask(
    identity: ManagedIdentity,
    *,
    receiver: object,
    reason: str,
    actor: Actor,
    role: str = "technical_owner",
    owner_team: object = None,
    ticket: str = "",
) -> OwnershipTransfer:
    """Ask `receiver` (an id, an e-mail or a User) to take it over; nothing changes before they accept.

    Raises Invalid naming the member, Conflict `transfer_open` and `identity_retired`.
    """
    locked = inventory.lock(identity)
    if locked.state == State.RETIRED:
        raise Conflict(f"Managed identity '{locked.name}' is retired.", code="identity_retired")
    _check(role, reason, ticket)
    person = _receiver(locked, receiver, role)
    team = owners.resolve_team(owner_team, tenant_id=locked.tenant_id)
    if OwnershipTransfer.objects.filter(identity=locked, state=TransferState.ASKED).exists():
        raise Conflict("Somebody is asked already: withdraw that first.", code="transfer_open")
    at = timezone.now()
    transfer = OwnershipTransfer.objects.create(
        tenant_id=locked.tenant_id,
        identity=locked,
        role=role,
        receiver=person,
        team=team,
        reason=reason.strip(),
        ticket=ticket.strip(),
        asked_by=actor.label,
        asked_by_id=actor.id,
        asked_at=at,
        due_at=at + TO_ANSWER,
    )
    telling.transfer_asked(transfer)
    _record(TransferEvent.ASKED, transfer, actor, transfer.reason)
    return transfer


@transaction.atomic
def accept(transfer: OwnershipTransfer, *, actor: Actor, reason: str = "") -> OwnershipTransfer:
    """The receiver says yes: owner and team are theirs, and every role binding ends.

    Raises Refused `not_the_receiver`, Conflict `transfer_over` and `identity_retired`.
    """
    locked = _lock(transfer)
    _check_hand(locked, actor)
    facts: dict[str, object] = {locked.role: locked.receiver}
    if locked.team is not None:
        facts["owner_team"] = locked.team
    identity = inventory.change(locked.identity, facts=facts, actor=actor, reason=locked.reason)
    locked.bindings_ended = access.end_bindings_of(identity, actor=actor, reason=ENDED)
    _answer(locked, TransferState.ACCEPTED, TransferEvent.ACCEPTED, reason, actor)
    return locked


@transaction.atomic
def decline(transfer: OwnershipTransfer, *, actor: Actor, reason: str) -> OwnershipTransfer:
    """The receiver says no, and why. Raises as `accept`, and Invalid without a reason."""
    _say_why(reason)
    locked = _lock(transfer)
    _check_hand(locked, actor)
    _answer(locked, TransferState.DECLINED, TransferEvent.DECLINED, reason, actor)
    return locked


@transaction.atomic
def withdraw(transfer: OwnershipTransfer, *, actor: Actor, reason: str) -> OwnershipTransfer:
    """Take the question back. Raises Invalid without a reason, Conflict `transfer_over`."""
    _say_why(reason)
    locked = _lock(transfer)
    _answer(locked, TransferState.WITHDRAWN, TransferEvent.WITHDRAWN, reason, actor)
    return locked


def expire_due(at: datetime, *, limit: int = 200) -> int:
    """What nobody answered ends without a change. Answers how many."""
    due = OwnershipTransfer.objects.filter(state=TransferState.ASKED, due_at__lte=at).order_by("due_at")[:limit]
    return sum(_expire(transfer) for transfer in due)


@transaction.atomic
def _expire(transfer: OwnershipTransfer) -> bool:
    try:
        locked = _lock(transfer)
    except Conflict:
        return False
    _answer(locked, TransferState.EXPIRED, TransferEvent.EXPIRED, "Nobody answered in time", CLOCK)
    return True


def _check(role: str, reason: str, ticket: str) -> None:
    wrong: dict[str, list[str]] = {}
    if role not in owners.ROLES:
        wrong["role"] = [f"One of {', '.join(owners.ROLES)}."]
    if not reason.strip():
        wrong["reason"] = ["Say why it changes hands: the receiver decides on it."]
    if len(ticket) > MAX_TICKET:
        wrong["ticket"] = [f"At most {MAX_TICKET} characters."]
    if wrong:
        raise Invalid(wrong)


def _receiver(identity: ManagedIdentity, receiver: object, role: str) -> User:
    person = owners.resolve(receiver, tenant_id=identity.tenant_id, member="receiver").user
    if person is None:
        raise Invalid({"receiver": ["Only a person who can sign in can be asked: their id or e-mail address."]})
    if getattr(identity, f"{role}_id") == person.pk:
        raise Invalid({"receiver": ["It is theirs already."]})
    return person


def _lock(transfer: OwnershipTransfer) -> OwnershipTransfer:
    identity = inventory.lock(transfer.identity)
    rows = OwnershipTransfer.objects.select_for_update(no_key=True, of=("self",)).select_related("receiver", "team")
    locked = rows.get(pk=transfer.pk)
    if locked.state != TransferState.ASKED:
        raise Conflict("This transfer was answered.", code="transfer_over")
    locked.identity = identity
    return locked


def _check_hand(transfer: OwnershipTransfer, actor: Actor) -> None:
    if not actor.is_human or actor.id != str(transfer.receiver_id) or not transfer.receiver.is_active:
        raise Refused("Only who is asked to take it over can answer.", code="not_the_receiver")


def _say_why(reason: str) -> None:
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})


def _answer(transfer: OwnershipTransfer, state: TransferState, event: TransferEvent, reason: str, actor: Actor) -> None:
    at = timezone.now()
    transfer.state, transfer.answered_at, transfer.answer = state, at, reason.strip()
    transfer.save(update_fields=["state", "answered_at", "answer", "bindings_ended"])
    telling.transfer_done(transfer, at=at)
    _record(event, transfer, actor, reason.strip())


def _record(event: TransferEvent, transfer: OwnershipTransfer, actor: Actor, reason: str) -> None:
    details = {
        "transfer_id": str(transfer.pk),
        "receiver": transfer.receiver.email,
        "role": transfer.role,
        "team": transfer.team.name if transfer.team else "",
        "ticket": transfer.ticket,
        "bindings_ended": transfer.bindings_ended,
    }
    audit.record(event, actor=actor, subject=subject_of(transfer.identity), reason=reason, details=details)
