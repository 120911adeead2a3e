"""Issuing: what has every yes becomes an identity with its role and its secret, all of it or nothing (S4-20)."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities.access import identity_approval, services as access
from identities.access.bundles import BUNDLES
from identities.approvals.models import ApprovalState
from identities.errors import Conflict, DomainError
from identities.events import RequestEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest
from identities.inventory.subjects import subject_of as subject_of_identity
from identities.inventory.vocabulary import PrivilegeLevel, RiskTier
from identities.lifecycle import placing, services as lifecycle
from identities.lifecycle.placing import Placed
from identities.people import notices
from identities.people.models import User
from identities.requests import checks, roles, selectors, tiers
from identities.requests.models import IdentityRequest, RequestState
from identities.requests.subject import content_of, locked, subject_of
from identities.requests.wanted import reference_of

#: So long nobody else tries; a vault answers, or does not, well within it.
LEASE = timedelta(minutes=2)
AGAIN = timedelta(seconds=10)
WAITS = "request_secret"
log = structlog.get_logger(__name__)


def issue(row: IdentityRequest, *, actor: Actor) -> IdentityRequest:
    """Issue what is approved. Call it outside a transaction: the vault is spoken to before anything is made.

    Where something stands in the way, nothing is made: the request stays `approved` with its `problem`, and is tried
    again. Raises Conflict where it is not approved, or somebody is at it.
    """
    claimed = _claim(row)
    try:
        checks.passed(claimed, at=timezone.now())
        placed = _place(claimed, actor=actor)
        return _make(claimed, placed, actor=actor)
    except DomainError as error:
        return _note(claimed, error.message, actor=actor)
    except DatabaseError:
        log.exception("request_not_issued", request_id=str(row.pk))
        return _note(claimed, "The database did not take it.", actor=actor)


def issue_due(at: datetime, *, limit: int = 20) -> int:
    """Issue what is approved and waits; each for itself. Answers how many were issued."""
    issued = 0
    for row in selectors.to_issue(at)[:limit]:
        try:
            actor = Actor.system("identity requests", row.tenant_id)
            issued += issue(row, actor=actor).state == RequestState.ISSUED
        except Conflict:
            continue
        except Exception:
            # One that cannot be issued keeps no other one waiting.
            log.exception("request_not_issued", request_id=str(row.pk))
    return issued


@transaction.atomic
def _claim(row: IdentityRequest) -> IdentityRequest:
    at = timezone.now()
    held = _hold(row)
    if held.state != RequestState.APPROVED:
        raise Conflict(f"This request is {held.state}.", code="not_approved")
    if held.try_at is not None and held.try_at > at + AGAIN:
        raise Conflict("It is being issued now.", code="being_issued")
    held.try_at = at + LEASE
    held.save(update_fields=["try_at"])
    return held


def _hold(row: IdentityRequest) -> IdentityRequest:
    """The identity first, where there is one; then the request."""
    identity = inventory.lock(row.identity) if row.is_for_existing and row.identity else None
    held = locked(row.pk)
    if held is None:
        raise Conflict("This request is gone.", code="not_approved")
    if identity is not None:
        held.identity = identity
    return held


def _place(row: IdentityRequest, *, actor: Actor) -> Placed | None:
    reference = reference_of(row)
    if reference is None:
        return None
    return placing.place(reference, tenant_id=row.tenant_id, environment=row.environment, actor=actor)


@transaction.atomic
def _make(claimed: IdentityRequest, placed: Placed | None, *, actor: Actor) -> IdentityRequest:
    row = _hold(claimed)
    _check_unchanged(row, claimed)
    identity = row.identity if row.is_for_existing else _onboard(row, actor=actor)
    if identity is None:
        raise Conflict("The identity is gone.", code="identity_gone")
    if row.is_for_existing:
        identity = _raise_tier(row, identity, actor=actor)
    role = roles.role_for(row, actor=actor)
    access.grant(identity, role, valid_until=row.expires_at, reason=_reason(row), actor=actor)
    if placed is not None:
        placing.take_up(identity, placed, actor=actor)
    _begin(row, identity, actor=actor)
    at = timezone.now()
    row.identity, row.state, row.issued_at, row.closed_at = identity, RequestState.ISSUED, at, at
    row.problem, row.try_at = "", None
    row.save(update_fields=["identity", "state", "issued_at", "closed_at", "problem", "try_at"])
    _record(row, identity, actor=actor)
    _tell(row, identity)
    return row


def _check_unchanged(row: IdentityRequest, claimed: IdentityRequest) -> None:
    """What was said yes to is what is issued; whoever changed it meanwhile has asked anew."""
    approval = row.approval
    if row.state != RequestState.APPROVED or row.try_at != claimed.try_at:
        raise Conflict("It was changed, or taken up by somebody else, meanwhile.", code="changed_since")
    if approval is None or approval.state != ApprovalState.APPROVED or approval.content_hash != digest(content_of(row)):
        raise Conflict("It is not what was approved: ask anew.", code="changed_since")


def _onboard(row: IdentityRequest, *, actor: Actor) -> ManagedIdentity:
    source = f"request {row.pk}"
    return lifecycle.onboard(tenant_id=row.tenant_id, facts=_facts(row), actor=actor, source=source).identity


def _facts(row: IdentityRequest) -> dict[str, Any]:
    bundle = BUNDLES[row.bundle]
    does_more = bool(tiers.writes(row.permissions))
    tags = {"bundle": row.bundle, "request": str(row.pk), "workflow": row.workflow}
    return {
        "name": row.name,
        "kind": row.kind,
        "environment": row.environment,
        "purpose": row.purpose,
        "technical_owner": row.technical_owner,
        "owner_team": row.owner_team,
        "business_owner": row.evidence.get("businessOwner", ""),
        "data_classification": row.data_classification,
        "customer_facing": row.customer_facing,
        "function": bundle.function.value,
        "trust_boundary": bundle.trust_boundary.value,
        "blast_radius": tiers.blast_radius_of(bundle, row.permissions).value,
        "privilege_level": (PrivilegeLevel.MEDIUM if does_more else PrivilegeLevel.LOW).value,
        "risk_tier": row.risk_tier,
        "expires_at": row.expires_at,
        "ticket": row.ticket,
        "deprovisioning_trigger": f"The end of what was asked for, {row.expires_at:%Y-%m-%d}.",
        "tags": {name: said for name, said in tags.items() if said},
    }


def _raise_tier(row: IdentityRequest, identity: ManagedIdentity, *, actor: Actor) -> ManagedIdentity:
    """Nothing lowers the tier of an identity by asking."""
    order = tiers.ORDER
    if order.index(RiskTier(row.risk_tier)) <= order.index(RiskTier(identity.risk_tier)):
        return identity
    return inventory.change(identity, facts={"risk_tier": row.risk_tier}, actor=actor, reason=_reason(row))


def _reason(row: IdentityRequest) -> str:
    return f"Request {row.pk}: {' '.join(row.purpose.split())}"[:500]


def _begin(row: IdentityRequest, identity: ManagedIdentity, *, actor: Actor) -> None:
    """From here on a change of the identity asks for its approval again (S3-63)."""
    if row.risk_tier == RiskTier.LOW or row.approval is None:
        return
    identity_approval.begin(identity, row.approval, actor=actor)


def _record(row: IdentityRequest, identity: ManagedIdentity, *, actor: Actor) -> None:
    yes = [vote.person_label for vote in row.approval.votes.all() if vote.is_approval] if row.approval else []
    details = {
        "request_id": str(row.pk),
        "bundle": row.bundle,
        "risk_tier": row.risk_tier,
        "requested_by": row.requested_by,
        "approved_by": yes,
        "ticket": row.ticket,
        "content_sha256": row.approval.content_hash if row.approval else "",
    }
    # On the identity's own timeline: what happened, was it authorised, who approved (S4-48).
    audit.record(RequestEvent.ISSUED, actor=actor, subject=subject_of_identity(identity), details=details)


def _tell(row: IdentityRequest, identity: ManagedIdentity) -> None:
    asker = _asker(row)
    if asker is None:
        return
    is_waiting = not row.is_for_existing and row.store_secret_at is None
    tell = partial(notices.tell, [asker], tenant_id=row.tenant_id, about=subject_of(row))
    if is_waiting:
        tell(kind=WAITS, key=f"{WAITS}:{row.pk}", subject=f"{identity.name} is issued: collect its secret", waits=True)
    else:
        tell(kind="request_issued", key=f"request_issued:{row.pk}", subject=f"{identity.name} is issued")


def _asker(row: IdentityRequest) -> User | None:
    try:
        return User.objects.filter(pk=UUID(row.requested_by_id)).first()
    except ValueError:
        return None


@transaction.atomic
def _note(claimed: IdentityRequest, problem: str, *, actor: Actor) -> IdentityRequest:
    """Why it is not issued yet. The same problem is recorded once, however often it is met."""
    row = locked(claimed.pk)
    if row is None or row.state != RequestState.APPROVED or row.try_at != claimed.try_at:
        return row or claimed
    before, row.problem, row.try_at = row.problem, problem[:2000], timezone.now() + AGAIN
    row.checks = [check.as_json() for check in checks.run(row, at=timezone.now())]
    row.save(update_fields=["problem", "try_at", "checks"])
    if row.problem != before:
        subject = subject_of(row)
        audit.record(
            RequestEvent.ISSUE_FAILED, actor=actor, subject=subject, outcome=Outcome.FAILURE, reason=row.problem
        )
    return row
