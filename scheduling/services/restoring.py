"""After a backup was put back: what may have happened in the time that is lost happens neither again nor to anybody.

The database of a moment ago is gone, and whatever ran, was revoked or signed in since the backup with it. So, before
anything moves: every session and every key that signed a token ends; reviews that are soon due wait for answers that
were lost; a run that was open ends, since what became of it is not known; and each occurrence that came since has a row
that says it was skipped. Last comes the event that lets Steward work again (see `audit.gaps`): cut off in between, it
is simply called again.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from audit import gaps, services as audit
from audit.actors import Actor, Subject
from audit.events import InstallationEvent
from audit.gaps import Gap
from audit.models import AuditEvent
from audit.moments import zulu
from identities.people.refresh_reasons import Cause
from identities.people.services import sessions
from identities.recertification import campaigns
from identities.tokens import services as tokens
from scheduling import calendar as calendars
from scheduling.models import RunState, Schedule, ScheduleRun
from scheduling.services import bell, firing, ledger

log = structlog.get_logger(__name__)

CODE = "restored"
#: So long whoever has answered a review in the lost time has at least to answer again, before silence acts.
TO_ANSWER = timedelta(days=7)
WHOLE = Subject(kind="installation", id="steward", label="Steward")


@dataclass(frozen=True, slots=True)
class Backup:
    """What was put back: `ends_at` is its last sign of life, `gap` what a checkpoint file beside it saw beyond that."""

    ends_at: datetime | None
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. `unreadable` schedules name a time zone or an expression that is none: theirs are left alone."""

    sessions: int
    signing_keys: int
    campaigns: int
    runs: int
    occurrences: int
    unreadable: int


def backup() -> Backup:
    """What lies in the database now; changes nothing."""
    seen = [bell.last_beat(), AuditEvent.objects.order_by("-id").values_list("recorded_at", flat=True).first()]
    return Backup(max((at for at in seen if at), default=None), gaps.found())


def restored(*, until: datetime, reason: str, actor: Actor, at: datetime) -> Restored:
    """Make a database that was put back safe to work with.

    Occurrences up to `until` (at most `at`) are skipped, each with a row, code `restored`; those after it are missed
    like any other and go by their schedule's misfire policy. One short transaction for each schedule and run.
    """
    until, found = min(until, at), backup()
    with transaction.atomic():
        ended = sessions.end_everybodys(Cause.RESTORED)
        keys = tokens.revoke_every_signing_key(reason=_why(found), actor=actor)
        later = campaigns.postpone(to=at + TO_ANSWER, reason=_why(found), actor=actor)
    runs = sum(_end(run, found, at) for run in _open(until))
    skipped, unreadable = _pass_over(until, found, at)
    done = Restored(ended, keys, later, runs, skipped, unreadable)
    with transaction.atomic():
        audit.record(
            InstallationEvent.RESTORED,
            actor=actor,
            subject=WHOLE,
            reason=reason,
            details={**_told(found), "skippedUntil": zulu(until), **asdict(done)},
        )
    return done


def _open(until: datetime) -> Iterator[ScheduleRun]:
    """Held by a worker that is no more, or due by then; one that waits for a later time has lost nothing."""
    waiting = Q(state=RunState.DUE, available_at__gt=until)
    rows = ScheduleRun.objects.select_related("schedule").filter(state__in=RunState.open()).exclude(waiting)
    return rows.iterator(chunk_size=500)


@transaction.atomic
def _end(run: ScheduleRun, found: Backup, at: datetime) -> bool:
    held = ScheduleRun.objects.filter(id=run.id, state__in=ledger.HELD, lease_epoch=run.lease_epoch)
    held.update(state=RunState.DUE, claimed_by="", lease_expires_at=None)
    reason = f"It was open in {_named(found)} that was put back: what became of it is not known"
    return ledger.end_untaken(run, ledger.End(state=RunState.CANCELLED, code=CODE, reason=reason), at=at)


def _pass_over(until: datetime, found: Backup, at: datetime) -> tuple[int, int]:
    reason = f"It fell into the time since {_named(found)} that was put back: whether it ran is not known"
    due = Schedule.objects.filter(next_run_at__lte=until, is_enabled=True, deleted_at=None)
    skipped = unreadable = 0
    for schedule_id in list(due.order_by("id").values_list("id", flat=True)):
        try:
            skipped += _all_of(schedule_id, until, reason, at)
        except (calendars.BadExpression, calendars.BadTimezone) as error:
            unreadable += 1
            log.warning("schedule.unreadable", schedule_id=str(schedule_id), reason=str(error))
    return skipped, unreadable


def _all_of(schedule_id: UUID, until: datetime, reason: str, at: datetime) -> int:
    skipped, goes_on = 0, True
    while goes_on:
        some, goes_on = firing.pass_over(schedule_id, until=until, code=CODE, reason=reason, at=at)
        skipped += some
    return skipped


def _named(found: Backup) -> str:
    return f"the backup of {zulu(found.ends_at, 'seconds')}" if found.ends_at else "the backup"


def _why(found: Backup) -> str:
    return f"{_named(found).capitalize()} was put back"


def _told(found: Backup) -> dict[str, object]:
    gap = {"kept": found.gap.kept, "seen": found.gap.seen, "seenAt": zulu(found.gap.seen_at)} if found.gap else None
    return {"backupEndsAt": zulu(found.ends_at) if found.ends_at else None, "lostRecords": gap}
