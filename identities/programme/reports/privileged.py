"""The top 20 % by privilege and exposure, with the score explained (S3-69)."""

import math
from collections.abc import Sequence
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from identities.inventory.models import ManagedIdentity
from identities.programme.reports.base import Line, Report
from identities.programme.reports.columns import ANSWERING, OWNERS, WHERE, answering, where

SHARE = 0.2
#: (points, condition, what it says); the score is their sum, 100 at the most.
POINTS: tuple[tuple[int, Q, str], ...] = (
    (30, Q(privilege_level="admin"), "admin privilege"),
    (20, Q(privilege_level="high"), "high privilege"),
    (8, Q(privilege_level="medium"), "medium privilege"),
    (10, Q(privilege_level=""), "privilege not known"),
    (20, Q(blast_radius="privileged"), "privileged blast radius"),
    (20, Q(blast_radius="human_impersonating"), "may act as people"),
    (6, Q(blast_radius="write_limited"), "may write"),
    (15, Q(internet_exposed=True) | Q(trust_boundary="internet_exposed"), "exposed to the internet"),
    (10, Q(trust_boundary="regulated_data"), "regulated data"),
    (5, Q(trust_boundary="third_party_saas"), "reaches a third party"),
    (10, Q(environment="production"), "production"),
    (10, Q(business_criticality__in=["high", "critical"]), "critical for the business"),
    (5, Q(customer_facing=True), "faces customers"),
)


class Privileged(Report):
    """Those whose misuse would hurt most."""

    name = "privileged"
    title = "Top 20 % by privilege and exposure"
    why = (
        "Where to begin: if one of these is misused, the harm is greatest. Classify, own and federate them first. "
        "The score adds up points for privilege, blast radius, exposure, environment and criticality; each row "
        "says which."
    )
    columns = (*WHERE, "Score", "Because", "Way of authentication", *ANSWERING)
    position = 10
    related = OWNERS
    identities = ""
    nothing = "There is no identity yet."

    def rows(self) -> QuerySet[Any]:
        return self._scored()[: math.ceil(self._scored().count() * SHARE)]

    def _scored(self) -> QuerySet[Any]:
        found = ManagedIdentity.objects.filter(self.slice.identities())
        # PostgreSQL has an index of exactly this, `identity_exposure`: whoever changes POINTS makes it anew.
        return found.annotate(score=_score()).order_by("-score", "name", "pk")

    def count(self) -> int:
        return self.rows().count()

    def keys(self, most: int) -> Sequence[Any]:
        scored = self._scored()
        # Of so many a fifth is more than is wanted: there is no need to count the rest.
        counted = scored.order_by().values("pk")[: math.ceil(most / SHARE)].count()
        return list(scored.values_list("pk", flat=True)[: min(most, math.ceil(counted * SHARE))])

    def line(self, row: Any) -> Line:
        return Line(
            [*where(row), score_of(row), ", ".join(explained(row)), row.auth_method, *answering(row)],
            identity_id=row.pk,
        )


def _score() -> Any:
    """The sum of the points, in the database."""
    nothing = Value(0, output_field=IntegerField())
    cases = [Case(When(holds, then=Value(points)), default=nothing) for points, holds, _ in POINTS]
    return sum(cases, start=nothing)


def score_of(identity: ManagedIdentity) -> int:
    """The score of a loaded row, by the same conditions."""
    return sum(points for points, condition, _ in POINTS if _holds(identity, condition))


def explained(identity: ManagedIdentity) -> list[str]:
    """The words for each point of the score, largest first: the same conditions, asked of a loaded row."""
    said = [(points, words) for points, condition, words in POINTS if _holds(identity, condition)]
    return [f"{words} +{points}" for points, words in sorted(said, reverse=True)]


def _holds(identity: ManagedIdentity, condition: Q) -> bool:
    checks = []
    for child in condition.children:
        name, value = child  # type: ignore[misc]  # plain pairs, see POINTS
        has = getattr(identity, str(name).removesuffix("__in"))
        checks.append(has in value if str(name).endswith("__in") else has == value)
    return any(checks) if condition.connector == Q.OR else all(checks)
