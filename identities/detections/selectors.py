"""Questions about findings: lists, the ten categories with their counts, the worst rows, and how it went over time."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate

from identities.detections.categories import CATEGORIES, TOP_TEN, Category
from identities.detections.models import BY_SEVERITY, SEVERITIES, Finding, FindingState

Tenants = Collection[UUID] | None
RECENT = timedelta(days=30)
WORST = 3


@dataclass(frozen=True)
class CategoryCount:
    """One category: how many are open, by severity, how many accepted, how many resolved in the last 30 days."""

    category: Category
    severities: Mapping[str, int] = field(default_factory=dict)
    accepted: int = 0
    resolved: int = 0
    worst: Sequence[Finding] = ()

    @property
    def open(self) -> int:
        return sum(self.severities.values())

    @property
    def top_severity(self) -> str:
        """The worst severity of those that are open; empty where none is."""
        return next((severity.value for severity in SEVERITIES if self.severities.get(severity)), "")


@dataclass(frozen=True, slots=True)
class Day:
    """How many findings opened, and how many ended, on one day (UTC)."""

    day: date
    opened: int
    resolved: int


def findings(tenant_ids: Tenants) -> QuerySet[Finding]:
    """Findings of these tenants (None: of every one), with the identity and the owner at hand."""
    rows = Finding.objects.select_related("identity", "owner")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def owned_by(text: str) -> Q:
    """By the owner's id or e-mail; `nobody` finds those without one."""
    if text.casefold() == "nobody":
        return Q(owner=None)
    try:
        return Q(owner_id=UUID(text))
    except ValueError:
        return Q(owner__email=text.strip().casefold())


def by_category(tenant_ids: Tenants, *, at: datetime) -> list[CategoryCount]:
    """The ten and hygiene, in their order, each with its worst rows. Three queries."""
    standing = _of(tenant_ids).exclude(state=FindingState.RESOLVED).order_by()
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for category, state, severity, n in standing.values_list("category", "state", "severity").annotate(n=Count("*")):
        counted[category][severity if state == FindingState.OPEN else state] += n
    ended = _of(tenant_ids).filter(state=FindingState.RESOLVED, resolved_at__gt=at - RECENT).order_by()
    resolved = dict(ended.values_list("category").annotate(n=Count("*")))
    worst = _worst(tenant_ids, counted)
    return [
        CategoryCount(
            category,
            {severity.value: counted[code][severity] for severity in SEVERITIES},
            accepted=counted[code][FindingState.ACCEPTED],
            resolved=resolved.get(code, 0),
            worst=worst[code],
        )
        for code, category in CATEGORIES.items()
    ]


def days(tenant_ids: Tenants, *, at: datetime) -> list[Day]:
    """The last thirty days, the current one last: what opened and what ended of the ten. Two queries."""
    first = at.date() - RECENT + timedelta(days=1)
    rows = _of(tenant_ids).filter(category__in=[category.code for category in TOP_TEN]).order_by()
    since = datetime.combine(first, datetime.min.time(), tzinfo=at.tzinfo)

    def counted(moment: str) -> Mapping[date, int]:
        found = rows.filter(**{f"{moment}__gte": since}).annotate(day=TruncDate(moment))
        return dict(found.values_list("day").annotate(n=Count("*")))

    opened, resolved = counted("opened_at"), counted("resolved_at")
    return [
        Day(day, opened.get(day, 0), resolved.get(day, 0))
        for day in (first + timedelta(days=number) for number in range(RECENT.days))
    ]


def _of(tenant_ids: Tenants) -> QuerySet[Finding]:
    rows = Finding.objects.all()
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def _worst(tenant_ids: Tenants, counted: Mapping[str, Counter[str]]) -> defaultdict[str, list[Finding]]:
    """The longest open of each category's worst severities, at most three; one query, each part of it by the index.

    The parts are put together as text: a slice may not stand in a union of Django's on SQLite, and "this or that part"
    would look through the whole table for them.
    """
    parts: list[tuple[str, tuple[Any, ...]]] = []
    for category in list(counted):
        room = WORST
        for severity in SEVERITIES:
            if room > 0 and counted[category][severity]:
                open_ones = _of(tenant_ids).filter(state=FindingState.OPEN, category=category, severity=severity)
                longest = open_ones.order_by("first_seen_at", "pk").values("pk")[:room]
                parts.append(longest.query.sql_with_params())
                room -= counted[category][severity]
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    if not parts:
        return found
    text = " UNION ALL ".join(f"SELECT * FROM ({part}) AS part{place}" for place, (part, _) in enumerate(parts))  # noqa: S608 - made by Django
    wanted = RawSQL(text, [value for _, values in parts for value in values])  # noqa: S611 - its parameters apart
    rows = findings(tenant_ids).filter(pk__in=wanted).annotate(rank=BY_SEVERITY)
    for finding in sorted(rows, key=lambda row: (row.rank, row.first_seen_at, str(row.pk))):
        found[finding.category].append(finding)
    return found
