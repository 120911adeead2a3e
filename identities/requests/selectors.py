"""Reading requests: those of tenants or of a person, those that wait to be issued, and how long they took."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from identities.access.bundles import BUNDLES
from identities.approvals.models import ApprovalState
from identities.people.models import User
from identities.requests.models import IdentityRequest, RequestState
from identities.requests.tiers import Asked

CLOSED = (RequestState.ISSUED, RequestState.REJECTED, RequestState.CANCELLED, RequestState.EXPIRED)


def requests(tenant_ids: Collection[UUID] | None) -> QuerySet[IdentityRequest]:
    """Requests of these tenants with what a page shows of them; None is every tenant."""
    rows = IdentityRequest.objects.select_related("identity", "approval", "technical_owner", "owner_team")
    rows = rows.prefetch_related("approval__votes")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def asked_by(user_id: UUID) -> Q:
    """The condition for a person's own."""
    return Q(requested_by_id=str(user_id))


def to_issue(at: datetime) -> QuerySet[IdentityRequest]:
    """Those that have every yes and are not issued yet, the oldest first."""
    due = Q(try_at=None) | Q(try_at__lte=at)
    return IdentityRequest.objects.filter(due, state=RequestState.APPROVED).order_by("requested_at", "pk")


def needs_left(row: IdentityRequest) -> list[str]:
    """Whose word is still waited for; none where nothing is."""
    approval = row.approval
    if row.state != RequestState.PENDING or approval is None or approval.state != ApprovalState.PENDING:
        return []
    met = {vote.need for vote in approval.votes.all() if vote.is_approval}
    return [need for need in approval.needs if need not in met]


def is_own(row: IdentityRequest, user_id: UUID | str | None) -> bool:
    """Did this person ask for it?"""
    return bool(user_id) and row.requested_by_id == str(user_id)


def may_collect(row: IdentityRequest, user_id: UUID | str | None) -> bool:
    """Does a secret wait for this person? Only for whoever asked, once, and where it goes to no vault."""
    waits = row.state == RequestState.ISSUED and row.secret_collected_at is None and not row.is_for_existing
    return waits and row.store_secret_at is None and is_own(row, user_id)


def answering_ids(row: IdentityRequest) -> set[UUID]:
    """Ids of the active people who answer for it, or will."""
    identity = row.identity if row.is_for_existing else None
    named = {row.technical_owner_id, *(_owners_of(identity) if identity else ())}
    team_ids = {row.owner_team_id, identity.owner_team_id if identity else None} - {None}
    people = Q(pk__in=named - {None}) | Q(teams__in=team_ids)
    rows = User.objects.filter(people, tenant_id=row.tenant_id, is_active=True, is_agent=False)
    return set(rows.values_list("pk", flat=True))


def _owners_of(identity: object) -> list[UUID | None]:
    return [getattr(identity, f"{role}_id") for role in ("business_owner", "technical_owner", "deputy_owner")]


def asked_of(row: IdentityRequest) -> Asked:
    """What its tier is computed from."""
    return Asked(
        bundle=BUNDLES[row.bundle],
        environment=row.environment,
        permissions=row.permissions,
        data_classification=row.data_classification,
        customer_facing=row.customer_facing,
        at_least=row.identity.risk_tier if row.is_for_existing and row.identity else "low",
    )


def times(rows: Q, since: datetime, at: datetime, most: int) -> list[tuple[str, datetime, datetime | None, datetime]]:
    """Of the latest issued since then: tier, asked, approved, issued. `rows` narrows them."""
    issued = IdentityRequest.objects.filter(rows, state=RequestState.ISSUED, issued_at__gte=since, issued_at__lte=at)
    found = issued.order_by("-issued_at").values_list("risk_tier", "requested_at", "approved_at", "issued_at")
    return [(tier, asked, approved, done) for tier, asked, approved, done in found[:most] if done is not None]
