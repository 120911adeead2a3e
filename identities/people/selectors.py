"""Reading people, teams and tenants."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from identities.people.models import OPEN, Notice, PortalRole, RefreshToken, Team, Tenant, User
from identities.people.refresh_reasons import RACED


def active_user(user_id: UUID) -> User | None:
    """The person or service user behind an id, unless disabled or gone."""
    return User.objects.filter(pk=user_id, is_active=True).first()


def bearers(user_id: UUID, session: UUID) -> QuerySet[User]:
    """The active user that an access token speaks for, unless the sign-in it belongs to was ended: one row, or none.

    A password change, a forced reset, a sign-out, a disabled account and a replayed refresh token all end sign-ins; of
    two that came with one token at once, the first keeps its access token.
    """
    ended = RefreshToken.objects.filter(family=session, invalidated_at__isnull=False).exclude(reason=RACED)
    return User.objects.filter(~Exists(ended), pk=user_id, is_active=True)


def signed_in(user_id: UUID) -> User | None:
    """The person of a session as `active_user`, and (`waiting`) how many notices wait for them. One query.

    Those they have not seen, and those that ask for something that is not done, seen or not.
    """
    rows = Notice.objects.filter(OPEN, person_id=OuterRef("pk"))
    unseen = rows.order_by().values("person_id")
    counted = Coalesce(Subquery(unseen.annotate(number=Count("*")).values("number")), 0)
    return User.objects.select_related("tenant").annotate(waiting=counted).filter(pk=user_id, is_active=True).first()


def by_email(email: str) -> User | None:
    """Whoever signs in with this address, however it is written."""
    return User.objects.filter(email=email.strip().lower()).first()


def users(tenant_ids: Iterable[UUID] | None) -> QuerySet[User]:
    """People and service users of these tenants; None is every tenant."""
    found = User.objects.select_related("tenant")
    return found if tenant_ids is None else found.filter(tenant_id__in=tenant_ids)


def teams(tenant_ids: Iterable[UUID] | None) -> QuerySet[Team]:
    """Teams of these tenants, with their members at hand."""
    found = Team.objects.prefetch_related("members").annotate(size=Count("members"))
    return found if tenant_ids is None else found.filter(tenant_id__in=tenant_ids)


def tenants(tenant_ids: Iterable[UUID] | None) -> QuerySet[Tenant]:
    """These tenants; None is every one."""
    return Tenant.objects.all() if tenant_ids is None else Tenant.objects.filter(pk__in=tenant_ids)


def active_admins(tenant_id: UUID) -> QuerySet[User]:
    """The people who govern a tenant now; a service user does not count as one who could let others in again."""
    return User.objects.filter(tenant_id=tenant_id, role=PortalRole.ADMIN, is_active=True, is_agent=False)


def security(tenant_id: UUID) -> QuerySet[User]:
    """Who speaks for security in a tenant: the active people of the team that STEWARD_SECURITY_TEAM names, else ADMINs.

    A tenant without a team of that name has its ADMINs, as has one in whose team nobody is left.
    """
    name = settings.STEWARD_SECURITY_TEAM
    if name:
        people = User.objects.filter(tenant_id=tenant_id, is_active=True, is_agent=False)
        members = people.filter(teams__name__iexact=name, teams__tenant_id=tenant_id)
        if members.exists():
            return members
    return active_admins(tenant_id)
