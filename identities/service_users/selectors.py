"""Reading service users: how they stand, their sessions, and what was found of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from identities.people.models import RefreshToken, User
from identities.service_users.models import RefreshIncident, Replacement, ServiceUser

#: So long an incident counts as recent in a list.
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in and all that followed from it by refreshing. `ended`: why it is over, empty while it can go on."""

    family: UUID
    began: datetime
    continued: datetime
    ends: datetime
    refreshes: int
    ended: str = ""


def listed(rows: QuerySet[User], *, at: datetime) -> QuerySet[User]:
    """These service users with what a list says of each, in one query.

    `session_until` is the end of the session that can be refreshed (None: there is none), `incidents` how many failed
    refreshes were found within thirty days, `replacement_state` where the way out stands ("" never begun).
    """
    found = RefreshIncident.objects.filter(user_id=OuterRef("pk"), failed_at__gt=at - RECENT).order_by()
    counted = found.values("user_id").annotate(number=Count("pk")).values("number")
    begun = Replacement.objects.filter(account_id=OuterRef("pk")).order_by("-begun_at").values("state")[:1]
    return rows.select_related("tenant", "register_row").annotate(
        session_until=Subquery(_open(at).filter(user_id=OuterRef("pk")).order_by("-expires_at").values("expires_at")[:1]),
        incidents=Coalesce(Subquery(counted), 0),
        replacement_state=Coalesce(Subquery(begun), Value("")),
    )  # fmt: skip


def service_users(at: datetime) -> QuerySet[ServiceUser]:
    """Every service user, as `listed`."""
    return listed(ServiceUser.objects.filter(is_agent=True), at=at)  # type: ignore[return-value]


def can_refresh(at: datetime) -> Q:
    """Those with a session that goes on."""
    return Q(pk__in=_open(at).values("user_id"))


def sessions_of(user: User, *, at: datetime, limit: int = 25) -> list[Session]:
    """The sessions of an account, the last continued first. One query."""
    rows = RefreshToken.objects.filter(user_id=user.pk).order_by().values("family")
    told = rows.annotate(
        began=Min("issued_at"),
        continued=Max("issued_at"),
        ends=Max("expires_at"),
        tokens=Count("pk"),
        goes_on=Count("pk", filter=Q(used_at=None, invalidated_at=None, expires_at__gt=at)),
        why=Max("reason"),
    ).order_by("-continued")[:limit]
    return [
        Session(
            family=row["family"],
            began=row["began"],
            continued=row["continued"],
            ends=row["ends"],
            refreshes=row["tokens"] - 1,
            ended="" if row["goes_on"] else row["why"] or "expired",
        )
        for row in told
    ]


def incidents_of(user: User) -> QuerySet[RefreshIncident]:
    """The failed refreshes of an account that were found, newest first."""
    return RefreshIncident.objects.filter(user_id=user.pk).order_by("-failed_at")


def unmarked(tenant_ids: frozenset[UUID] | None) -> QuerySet[User]:
    """Active accounts whose address is a service user's and that nobody made one."""
    rows = User.objects.filter(is_agent=False, is_active=True, email__contains="-agent@")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def _open(at: datetime) -> QuerySet[RefreshToken]:
    return RefreshToken.objects.open().filter(expires_at__gt=at)
