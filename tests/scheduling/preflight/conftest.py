"""A schedule that would run: at two in the morning in Berlin, as a bot that may, with a secret in the local vault."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from identities.vaults import services as vaults
from scheduling.models import Preflight, Schedule
from scheduling.preflight.problems import Problem
from scheduling.preflight.services import preflight, problems_of
from tests.factories import people
from tests.scheduling.runner.world import World

PERSON = Actor.system("tests")
WEEK = timedelta(days=7)


class Night(World):
    """The world of the runner's tests with a nightly schedule, whose role lasts a year."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at = timezone.now().replace(microsecond=0)
        self.ann = people.person(of=self.tenant, email="ann.night@example.com")
        ManagedIdentity.objects.filter(pk=self.payer.pk).update(technical_owner=self.ann)
        self.payer.refresh_from_db()
        self.payer.bindings.update(valid_until=self.at + timedelta(days=365))

    def nightly(self, *nodes: dict[str, object], **facts: object) -> Schedule:
        """Each night at two, Berlin time."""
        made = self.schedule(*nodes, **({"cron_expression": "0 2 * * *", "timezone": "Europe/Berlin"} | facts))  # type: ignore[arg-type]
        Schedule.objects.filter(pk=made.pk).update(next_run_at=self.at + timedelta(hours=1))
        return self.fresh(made)

    def fresh(self, schedule: Schedule) -> Schedule:
        return Schedule.objects.select_related("workflow__resource_policy", "owner", "owner_team").get(pk=schedule.pk)

    def tried(self, schedule: Schedule, *, at: datetime | None = None) -> Preflight:
        return preflight(self.fresh(schedule), at=at or self.at, actor=PERSON)

    def problems(self, schedule: Schedule, *, at: datetime | None = None) -> list[Problem]:
        return problems_of(self.tried(schedule, at=at))

    def codes(self, schedule: Schedule, *, at: datetime | None = None) -> list[str]:
        return sorted(problem.code for problem in self.problems(schedule, at=at))


@pytest.fixture
def night(transactional_db: None) -> Night:
    vaults.ensure_default()
    return Night()
