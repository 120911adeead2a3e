"""One schedule tried for the days to come: its occurrences, who acts in them, and what every check finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from identities.inventory.models import ManagedIdentity
from scheduling import calendar as calendars
from scheduling.models import Schedule
from scheduling.preflight import checks as _every_check  # noqa: F401 - importing them registers them
from scheduling.preflight.checks.base import Bearer, Checks, Trial
from scheduling.preflight.problems import Mend, Problem

SPAN = timedelta(days=7)
#: One a minute, the most that five fields can say.
MOST = int(SPAN / timedelta(minutes=1)) + 1


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of a trial, and who would have acted."""

    at: datetime
    until: datetime
    occurrences: Sequence[datetime] = ()
    problems: Sequence[Problem] = ()
    bearers: Sequence[Bearer] = ()


def try_out(schedule: Schedule, *, at: datetime) -> Found:
    """Try every occurrence of (at, at + 7 days]. Reads secrets from their vaults: call it outside of transactions.

    Writes nothing. A schedule that is paused, or that has no occurrence in the span, has nothing to fail.
    """
    until = at + SPAN
    if not schedule.is_enabled or schedule.deleted_at is not None:
        return Found(at=at, until=until)
    try:
        calendar = calendars.parse(schedule.cron_expression, schedule.timezone)
    except (calendars.BadExpression, calendars.BadTimezone) as error:
        unreadable = Problem(code="rhythm_unreadable", text=f"{error}.", mend=Mend.EDIT_SCHEDULE)
        return Found(at=at, until=until, problems=[unreadable])
    occurrences = calendars.occurrences_between(calendar, at, until, MOST)
    if not occurrences:
        return Found(at=at, until=until)
    trial = Trial(schedule=schedule, place=calendar.place, at=at, occurrences=occurrences)
    bearers = bearers_of(schedule)
    problems = Checks().problems(trial, bearers)
    return Found(at=at, until=until, occurrences=occurrences, problems=problems, bearers=bearers)


def bearers_of(schedule: Schedule) -> list[Bearer]:
    """Everybody who acts in a run, the schedule's own identity first; nodes that share identity and secret are one."""
    steps: dict[tuple[UUID, tuple[tuple[str, Any], ...]], list[str]] = {}
    for node in schedule.workflow.nodes:
        if node.get("managedIdentityId"):
            steps.setdefault(_key(node["managedIdentityId"], node["secretReference"]), []).append(str(node["id"]))
    own = _key(schedule.managed_identity_id, schedule.secret_reference)
    steps.pop(own, None)
    wanted: dict[tuple[UUID, tuple[tuple[str, Any], ...]], list[str]] = {own: [], **steps}
    rows = ManagedIdentity.objects.filter(pk__in={key for key, _ in wanted}, tenant_id=schedule.tenant_id)
    owners = ("business_owner", "technical_owner", "deputy_owner", "owner_team")
    known = {identity.pk: identity for identity in rows.select_related(*owners)}
    return [
        Bearer(identity_id=key, identity=known.get(key), reference=dict(place), nodes=tuple(nodes))
        for (key, place), nodes in wanted.items()
    ]


def _key(identity_id: object, reference: Mapping[str, Any]) -> tuple[UUID, tuple[tuple[str, Any], ...]]:
    return UUID(str(identity_id)), tuple(sorted(reference.items()))
