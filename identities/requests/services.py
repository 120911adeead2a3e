"""Requests: ask for an identity from a bundle, change what is asked, take it back, and decide on it (S4-17)."""

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from audit import changes, services as audit
from audit.actors import Actor, ActorKind
from identities.approvals import ending, services as approvals
from identities.approvals.models import ApprovalRequest
from identities.errors import Conflict, Invalid, Refused
from identities.events import RequestEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant, User
from identities.requests import asking, selectors, subject, wanted
from identities.requests.checks import OPEN
from identities.requests.collecting import Answered, collect
from identities.requests.issuing import issue
from identities.requests.models import IdentityRequest, RequestState
from identities.requests.wanted import Given

__all__ = ["Answered", "approve", "cancel", "change", "collect", "issue", "reject", "request"]

ASKERS = frozenset({ActorKind.PERSON, ActorKind.SERVICE_USER})


@sensitive_variables("answered")
def request(*, tenant: Tenant, given: Given, actor: Actor, identity: ManagedIdentity | None = None) -> Answered:
    """Ask for an identity, or with `identity` for a role of one that is there.

    `given` are the members of the form in snake_case (`wanted.WRITABLE`). Of low tier it is issued in this same call,
    and its secret shown once, or put where it was asked for; what stands in the way is its `problem`. Where nobody is
    named to answer for it, the person who asks does. Raises Invalid for everything that does not fit at once, Refused
    for a managed identity. Call it outside a transaction.
    """
    if actor.kind not in ASKERS:
        raise Refused("An identity is asked for by people and service users.", code="not_a_person")
    row = _carry_out(_open(tenant, given, actor, identity))
    return collect(row, actor=actor) if selectors.may_collect(row, actor.id) else Answered(row)


@transaction.atomic
def change(row: IdentityRequest, *, given: Given, actor: Actor) -> IdentityRequest:
    """Change what is asked for: every yes to what it was before is void, and it is asked anew.

    Also of one that is approved and not issued yet. What is of low tier after it waits for the next round of issuing.
    Raises Invalid, Conflict `request_closed`.
    """
    held = _open_row(row)
    before, earlier = subject.content_of(held), held.approval
    if held.is_for_existing and held.identity is not None:
        given = wanted.of_identity(held, held.identity, given)
    wanted.apply(held, given)
    asking.weigh(held, actor)
    found = changes.between(before, subject.content_of(held))
    if not found:
        return row
    held.state, held.approved_at, held.problem, held.try_at = RequestState.PENDING, None, "", None
    held.save()
    audit.record(RequestEvent.CHANGED, actor=actor, subject=subject.subject_of(held), changes=found)
    involved = {*(earlier.involved if earlier else ()), held.requested_by_id}
    return asking.ask(held, actor=actor, involved=involved, before=before)


@transaction.atomic
def cancel(row: IdentityRequest, *, reason: str, actor: Actor) -> IdentityRequest:
    """Take it back before it is issued. Raises Invalid without a reason, Conflict `request_closed`."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    held = _open_row(row)
    ending.drop(subject.KIND, held.pk, reason=reason.strip(), actor=actor)
    subject.close(held, RequestState.CANCELLED, RequestEvent.CANCELLED, reason=reason.strip(), actor=actor)
    return held


def approve(row: IdentityRequest, *, reason: str, actor: Actor, content_hash: str | None = None) -> IdentityRequest:
    """One yes; with the last one it is issued. Raises as `approvals.approve`, and Conflict where none is waited for.

    `content_hash` is that of what was seen. Call it outside a transaction.
    """
    approvals.approve(_waiting(row), reason=reason, actor=actor, content_hash=content_hash)
    return _carry_out(_fresh(row))


def reject(row: IdentityRequest, *, reason: str, actor: Actor) -> IdentityRequest:
    """A no ends it. Raises as `approvals.reject`, and Conflict where no answer is waited for."""
    approvals.reject(_waiting(row), reason=reason, actor=actor)
    return _fresh(row)


@transaction.atomic
def _open(tenant: Tenant, given: Given, actor: Actor, identity: ManagedIdentity | None) -> IdentityRequest:
    row = IdentityRequest(tenant=tenant, requested_by=actor.label, requested_by_id=actor.id)
    if identity is not None:
        given = wanted.of_identity(row, inventory.lock(identity), given)
    wanted.apply(row, given)
    if identity is None and row.technical_owner is None and row.owner_team is None and actor.is_human:
        row.technical_owner = User.objects.filter(pk=actor.id).first()
    asking.weigh(row, actor)
    row.save(force_insert=True)
    said = subject.content_of(row)
    opened = {name: value for name, value in said.items() if value not in wanted.NOTHING and value is not False}
    audit.record(RequestEvent.OPENED, actor=actor, subject=subject.subject_of(row), changes=changes.made(opened))
    return asking.ask(row, actor=actor, involved=())


def _carry_out(row: IdentityRequest) -> IdentityRequest:
    """Issue it where every yes is there; where a worker is at it already, it is as that leaves it."""
    if row.state != RequestState.APPROVED:
        return row
    try:
        return issue(row, actor=Actor.system("identity requests", row.tenant_id))
    except Conflict:
        return _fresh(row)


def _open_row(row: IdentityRequest) -> IdentityRequest:
    """The row of a request that may still be changed, held."""
    if row.is_for_existing and row.identity is not None:
        inventory.lock(row.identity)
    held = subject.locked(row.pk)
    if held is None or held.state not in OPEN:
        raise Conflict(f"This request is {held.state if held else 'gone'}.", code="request_closed")
    return held


def _waiting(row: IdentityRequest) -> ApprovalRequest:
    if row.state != RequestState.PENDING or row.approval is None:
        raise Conflict(f"This request is {row.state}.", code="request_closed")
    return row.approval


def _fresh(row: IdentityRequest) -> IdentityRequest:
    return IdentityRequest.objects.select_related("identity", "approval", "tenant").get(pk=row.pk)
