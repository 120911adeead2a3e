"""How late runs begin: a number for whoever watches."""

from datetime import timedelta

from django.db import transaction
from prometheus_client import Histogram

from scheduling import calendar as calendars
from scheduling.models import ScheduleRun

START_LAG = Histogram(
    "steward_run_start_lag_seconds",
    "From the moment a run may start to the moment its first step began, each run once.",
    buckets=(0.5, 1, 2, 5, 10, 15, 30, 60, 300, 1800),
)


def note(run: ScheduleRun) -> None:
    """`run` begins its first attempt, at `started_at`; counted when that is committed. Later attempts count nothing."""
    if run.attempt > 1 or run.resumes or run.lease_epoch > 1 or run.started_at is None:
        return
    jitter = calendars.jitter_of(run.schedule_id, run.schedule.jitter_seconds)
    since = run.scheduled_for + jitter if run.scheduled_for else run.requested_at or run.created_at
    lag = max(run.started_at - since, timedelta()).total_seconds()
    transaction.on_commit(lambda: START_LAG.observe(lag))
