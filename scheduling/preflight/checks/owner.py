"""Check `owner`: somebody answers for it, so that a failure reaches a person."""

from collections.abc import Iterator

from identities.inventory.owners import is_ownerless
from scheduling.models import Schedule
from scheduling.preflight.checks.base import Bearer, Check, Trial
from scheduling.preflight.problems import NOBODY_ANSWERS, Mend, Problem


class OwnerCheck(Check):
    """An owner, deputy or team member of the identity with a working account, or of the schedule that it runs for."""

    kind = "owner"
    position = 60

    def of_bearer(self, trial: Trial, bearer: Bearer) -> Iterator[Problem]:
        if bearer.identity is None or _has_owner(trial.schedule) or not is_ownerless(bearer.identity):
            return
        first = trial.occurrences[0]
        text = f"Nobody answers for {bearer.name}: if the run of {trial.when(first)} fails, no one is told"
        yield bearer.problem(NOBODY_ANSWERS, text, Mend.NAME_OWNER, first)


def _has_owner(schedule: Schedule) -> bool:
    if schedule.owner is not None and schedule.owner.is_active:
        return True
    return schedule.owner_team is not None and schedule.owner_team.members.filter(is_active=True).exists()
