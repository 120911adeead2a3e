"""Planning the way out: the least role that covers what a service user did, and what would have to be known before."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from uuid import UUID

from identities.access.models import Role
from identities.errors import Conflict
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.vocabulary import Environment
from identities.people.models import User
from identities.service_users import activity, replacement_words
from identities.service_users.doors import doors
from identities.service_users.least_role import Needed, Uncovered, least

LOOKED_BACK_DAYS = 90
QUIET_HOURS, MOST_QUIET_HOURS = 24, 90 * 24
OVERDUE_DAYS, MOST_OVERDUE_DAYS = 30, 365
#: A rhythm is never kept to the minute: so much more than the longest silence is waited.
_SLACK = 1.25
_MARK = re.compile(r"-agent$")
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """How `user` could be replaced, by what it did in [since, at).

    `role` is one of the tenant that permits exactly `permissions`, where there is one. `quiet_hours` is longer than
    the longest silence that was seen, so that what comes once a month is not taken for gone. `days` are the uses a day.
    """

    user: User
    at: datetime
    since: datetime
    decisions: int
    needed: tuple[Needed, ...]
    uncovered: tuple[Uncovered, ...]
    role: Role | None
    register_row: ManagedIdentity | None
    name: str
    environment: str
    quiet_hours: int
    overdue_days: int
    last_used_at: datetime | None
    days: dict[date, int]
    warnings: tuple[str, ...]

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the least role permits."""
        return tuple(one.permission for one in self.needed)


def plan(user: User, *, at: datetime) -> Plan:
    """Work it out; writes nothing. Seven queries, whatever the number of decisions. Raises Conflict for a person."""
    check_agent(user)
    since = at - timedelta(days=LOOKED_BACK_DAYS)
    found = least(activity.uses(user.pk, since=since), doors())
    hours = activity.hours(user.pk, since=since)
    row = register_row_of(user)
    gap = activity.longest_gap(hours, since=max(since, min(user.created_at, at)), at=at)
    quiet_hours = _quiet_hours(gap)
    said = replacement_words.warnings(
        user, permissions=found.permissions, uncovered=found.uncovered, days=LOOKED_BACK_DAYS
    )
    return Plan(
        user=user,
        at=at,
        since=since,
        decisions=sum(hour.times for hour in hours),
        needed=found.needed,
        uncovered=found.uncovered,
        role=identical_role(user.tenant_id, found.permissions),
        register_row=row,
        name=free_name(user),
        environment=environment_of(row),
        quiet_hours=quiet_hours,
        overdue_days=max(OVERDUE_DAYS, quiet_hours // 24 + 14),
        last_used_at=activity.last_use(user),
        days=dict(activity.by_day(hours)),
        warnings=said,
    )


def check_agent(user: User) -> None:
    """Conflict for a person: nobody is replaced by a machine here."""
    if not user.is_agent:
        raise Conflict(f"{user.email} is a person, not a service user.", code="not_a_service_user")


def register_row_of(user: User) -> ManagedIdentity | None:
    """The row that stands for this account in the register, with who answers for it."""
    rows = ManagedIdentity.objects.select_related("business_owner", "technical_owner", "deputy_owner", "owner_team")
    return rows.filter(account=user).first()


def identical_role(tenant_id: UUID, permissions: Collection[str]) -> Role | None:
    """The first role of the tenant that permits exactly this. An empty one is nobody's: it is made to be filled."""
    wanted = set(permissions)
    if not wanted:
        return None
    roles = Role.objects.filter(tenant_id=tenant_id).order_by("created_at", "pk")
    return next((role for role in roles if set(role.permissions) == wanted), None)


def free_name(user: User) -> str:
    """What the identity could be called: the address without its mark, or with a number where that is taken."""
    base = _MARK.sub("", user.email.partition("@")[0])[: _LONGEST_NAME - 4] or "replacement"
    rows = ManagedIdentity.objects.filter(tenant_id=user.tenant_id, name__istartswith=base)
    taken = {name.lower() for name in rows.exclude(state=State.RETIRED).values_list("name", flat=True)}
    names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def environment_of(row: ManagedIdentity | None) -> str:
    """Where the account is said to work; production where nothing is said, which asks for most care."""
    return (row.environment if row is not None else "") or Environment.PRODUCTION.value


def _quiet_hours(gap: timedelta) -> int:
    wanted = ceil(gap / activity.HOUR * _SLACK)
    return min(max(QUIET_HOURS, wanted), MOST_QUIET_HOURS)
