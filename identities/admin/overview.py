"""The programme on the overview: its numbers with their trends, triage and tokens by day, controls and phases."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.urls import reverse

from identities.access.matrix import Duty
from identities.admin.number_links import address, measured, progress, with_query
from identities.admin.pages import list_of, new_of
from identities.admin.parts import Block, Empty, Link, Notice
from identities.admin.parts.measured import Checklist, Measured
from identities.admin.parts.series import Line, Series, Spark
from identities.admin.scope import Scope
from identities.discovery.models import ImportRun
from identities.inventory.models import ManagedIdentity
from identities.people.models import Team
from identities.programme import course, selectors
from identities.programme.catalogue import MEASURES
from identities.programme.selectors import Day, Standing
from identities.programme.slices import Slice

DAYS, MOST_TEAMS = 30, 200
#: Of so many tenants together only a week is read: each has a row a day.
MANY_TENANTS, WEEK = 30, 8
#: The numbers of the first five seconds, in order.
FIRST = ("total", "red", "findings", "owned", "rotated_in_time", "review_overdue")


class Placed(NamedTuple):
    """Blocks with their place among the panels."""

    position: int
    classes: str
    blocks: Sequence[Block]


class Overview:
    """What the programme shows of one scope, for one team of it where one is chosen. Three queries."""

    def __init__(self, scope: Scope, at: datetime, team: str = "") -> None:
        self.scope, self.at = scope, at
        tenants = scope.tenant_ids(Duty.READ_REGISTER)
        self.teams = teams_of(scope)
        self.team = chosen_team(self.teams, team)
        self.slice = Slice(tenants, team_id=self.team.pk if self.team else None)
        days = DAYS if scope.chosen or len(scope.tenants) <= MANY_TENANTS else WEEK
        self.standing: Standing = selectors.standing(self.slice, days=days, at=at)
        self.before = self.standing.before(days - 1) or next(iter(self.standing.days[:-1]), None)

    def figures(self) -> list[Measured]:
        """The big numbers."""
        return [self.figure(key) for key in FIRST]

    def figure(self, key: str) -> Measured:
        """One number with its trend."""
        now = self.standing.numbers[key]
        then = self.before.numbers[key] if self.before else None
        spark = Spark([day.numbers[key].shown for day in self.standing.days])
        return measured(now, self.slice, self.scope, moved=course.move(now, then), spark=spark, days=self._span())

    def cautions(self) -> list[Notice]:
        """What several numbers say together (S3-62, S4-82)."""
        found = course.warnings(self.standing.numbers, self.before.numbers if self.before else None)
        return [Notice(caution.title, caution.text, "warn", "trending_up") for caution in found]

    def parts(self) -> list[Placed]:
        """The charts and checklists."""
        return [
            Placed(10, "sw-span-4", [self._triage()]),
            Placed(11, "sw-span-2", [self._controls()]),
            Placed(21, "sw-span-2", [self._phases()]),
            Placed(24, "sw-span-4", [self._tokens()]),
        ]

    def first_steps(self) -> Notice | None:
        """Where to begin, while a tenant has no identity at all."""
        if not self.is_empty or not self._governs:
            return None
        text = (
            "Upload an export of AWS, Google Cloud, Entra, Kubernetes, GitHub or Terraform, or a table of your own. "
            "You see what it would change before anything does."
        )
        return Notice("Begin with what you have.", text, "plain", "upload_file", Link("New import", new_of(ImportRun)))

    @property
    def _governs(self) -> bool:
        """Whether this person may enter identities here."""
        return self.scope.chosen is not None and self.scope.may(Duty.GOVERN, self.scope.chosen.pk)

    @property
    def is_empty(self) -> bool:
        """Whether there is no identity at all."""
        return self.standing.numbers["total"].value == 0

    def _span(self) -> int:
        return (self.at.date() - self.before.day).days if self.before else 0

    def _days(self) -> list[Day | None]:
        """One for each day up to today; None where no count was kept."""
        by_day = {day.day: day for day in self.standing.days}
        today = self.at.date()
        now = Day(today, self.standing.numbers, self.standing.counted_at)
        by_day[today] = now
        first = min(by_day)
        return [by_day.get(first + timedelta(days=place)) for place in range((today - first).days + 1)]

    def _series(self, keys: Sequence[tuple[str, str, str]]) -> tuple[list[date], list[Line]]:
        days = self._days()
        first = self.at.date() - timedelta(days=len(days) - 1)
        lines = [
            Line(word, tone, [day.numbers[key].value if day else None for day in days]) for key, word, tone in keys
        ]
        return [first + timedelta(days=place) for place in range(len(days))], lines

    def _triage(self) -> Series:
        days, lines = self._series((("red", "red", "bad"), ("amber", "amber", "warn"), ("green", "green", "good")))
        empty = Empty(
            "No identities yet",
            "Import what you have, or enter the first bot, job, key or agent. It starts with no permission.",
            Link("New import", new_of(ImportRun)) if self._governs else None,
            "smart_toy",
        )
        if self.is_empty and not any(value for line in lines for value in line.values):
            lines = []
        more = Link("The red ones", address(MEASURES["red"], "number=red", self.slice, self.scope))
        return Series("triage", "Triage over time", days, lines, empty, more=more)

    def _tokens(self) -> Series:
        keys = (("tokens_today", "issued", "accent"), ("failed_sign_ins", "refused", "bad"))
        days, lines = self._series(keys)
        if not any(value for line in lines for value in line.values):
            # A picture of zeros is an empty frame.
            lines = []
        text = "Counted over the 24 hours before each day's last count." if lines else ""
        empty = Empty(
            "No token issued or refused yet",
            "Every identity that proves itself is counted here by day; for a whole tenant, not for one team.",
            icon="token",
        )
        link = address(MEASURES["tokens_today"], MEASURES["tokens_today"].query, self.slice, self.scope)
        more = Link("Tokens of the last day", link) if link else None
        return Series("tokens", "Token use by day", days, lines, empty, text, more, bars=True)

    def _controls(self) -> Checklist:
        steps = course.controls(self.standing.numbers)
        return Checklist("The first five controls", [progress(step, self.slice, self.scope) for step in steps])

    def _phases(self) -> Checklist:
        steps = course.phases(self.standing.numbers)
        now = course.current_phase(steps)
        text = f"You are in phase {now}." if now <= len(steps) else "All four phases are done."
        lines = [progress(step, self.slice, self.scope) for step in steps]
        return Checklist("Programme", lines, "" if self.is_empty else text)


def teams_of(scope: Scope) -> list[Team]:
    """The teams that a page may be narrowed to; none while every tenant is looked at. One query."""
    if scope.chosen is None:
        return []
    return list(Team.objects.filter(tenant_id=scope.chosen.pk).order_by("name")[:MOST_TEAMS])


def chosen_team(teams: Sequence[Team], asked: str) -> Team | None:
    """The team that was asked for, if it is one of these."""
    return next((team for team in teams if str(team.pk) == asked), None)


def programme_address(team_id: UUID | None = None, application: str = "") -> str:
    """The page of all numbers, for a slice."""
    return with_query(reverse("admin:programme"), team=team_id, application=application)


def register_address(**query: str) -> str:
    """The register, filtered."""
    return list_of(ManagedIdentity, **query)
