"""How much a service user, and an identity that takes its place, are used: from decisions, sign-ins and refreshes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Func, Max, QuerySet, Value
from django.db.models.functions import Concat

from identities.people.models import RefreshToken, User
from identities.policies.models import AuthorizationDecision, DecisionOutcome
from identities.service_users.least_role import Use

HOUR = timedelta(hours=1)
#: What was asked for in one request, as a text to compare.
_ASKED = Concat(
    "correlation_id", Value(" "), "machine_permission", Value(" "), "resource_kind", Value(" "), "resource_id"
)


class _HourOf(Func):
    """The hour of an instant in UTC, as text: a tenth of what Django's own truncation costs on SQLite."""

    function = "to_char"
    template = "%(function)s(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return super().as_sql(compiler, connection, template="substr(%(expressions)s, 1, 13)", **more)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour in which somebody did something, and how often."""

    begins: datetime
    times: int


def decisions_of(actor_id: UUID, *, since: datetime) -> QuerySet[AuthorizationDecision]:
    """What was answered to this account or identity since then, allowed or not."""
    return AuthorizationDecision.objects.filter(actor_id=str(actor_id), at__gte=since).order_by()


def uses(actor_id: UUID, *, since: datetime) -> list[Use]:
    """What this account did, counted by what it needed: one query.

    A door that opened and a row behind it that did not (a schedule of somebody else) was no use: what was refused in
    the same request is left out.
    """
    found = decisions_of(actor_id, since=since).annotate(asked=_ASKED)
    refused = found.filter(outcome=DecisionOutcome.DENY).exclude(correlation_id="")
    # Read once and not for each row: whoever calls names the correlation id, and may name one for all.
    done = found.filter(outcome=DecisionOutcome.ALLOW).exclude(asked__in=refused.values("asked"))
    counted = done.values_list("permission", "machine_permission", "resource_kind").annotate(Count("pk"), Max("at"))
    return [Use(*row) for row in counted]


def refusals(actor_id: UUID, *, since: datetime) -> list[Use]:
    """What it was refused, counted by what it lacked, the most frequent first: one query."""
    found = decisions_of(actor_id, since=since).filter(outcome=DecisionOutcome.DENY)
    counted = found.values_list("permission", "machine_permission", "resource_kind").annotate(Count("pk"), Max("at"))
    return sorted((Use(*row) for row in counted), key=lambda use: (-use.times, use.permission))


def hours(actor_id: UUID, *, since: datetime) -> list[Hour]:
    """The hours with any use, allowed or not, in order: one query, at most one row an hour."""
    found = decisions_of(actor_id, since=since).annotate(hour=_HourOf("at"))
    counted = found.values_list("hour").annotate(number=Count("pk")).order_by("hour")
    return [Hour(datetime.strptime(f"{hour}+0000", "%Y-%m-%d %H%z"), number) for hour, number in counted]


def by_day(found: Iterable[Hour]) -> Counter[date]:
    """Uses a day. Pure."""
    days: Counter[date] = Counter()
    for hour in found:
        days[hour.begins.date()] += hour.times
    return days


def longest_gap(found: Sequence[Hour], *, since: datetime, at: datetime) -> timedelta:
    """The longest silence between two uses, and since the last one, to the hour; without a use all of it. Pure."""
    moments = [*(hour.begins for hour in found), at] if found else [since, at]
    return max(later - earlier for earlier, later in pairwise(moments))


def last_use(user: User) -> datetime | None:
    """When this account was last used: a call, allowed or refused, a sign-in or a refresh. Two queries.

    What could not even be signed in or refreshed is no use: nothing of it would stop working.
    """
    called = AuthorizationDecision.objects.filter(actor_id=str(user.pk)).order_by("-id")
    issued = RefreshToken.objects.filter(user=user).order_by("-issued_at")
    moments = (
        called.values_list("at", flat=True).first(),
        issued.values_list("issued_at", flat=True).first(),
        user.last_login,
    )
    return max((moment for moment in moments if moment is not None), default=None)
