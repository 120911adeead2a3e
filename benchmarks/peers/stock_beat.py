"""Peer (d): django-celery-beat's DatabaseScheduler as it comes, with its own tables; prints one JSON line.

A peer of the benchmark alone: nothing of ours needs it, and where it is not installed the part says so.
"""

import json
import os
import sys
import time
from typing import Any
from unittest import mock

import django
import environ
from django.conf import settings

from benchmarks.ticking import figures, megabytes, middle, timed

TICKS = 7


def main(number: int) -> None:
    settings.configure(
        SECRET_KEY="bench",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])},
        INSTALLED_APPS=["django.contrib.contenttypes", "django_celery_beat"],
        SILENCED_SYSTEM_CHECKS=["fields.W342"],
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _seed(number)
    sys.stdout.write(json.dumps(_beat()) + "\n")


def _seed(number: int) -> None:
    """Tasks of every minute of each hour, spread evenly, as many as were asked for."""
    from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

    crontabs = CrontabSchedule.objects.bulk_create(
        CrontabSchedule(minute=str(minute), hour="*", timezone="UTC") for minute in range(60)
    )
    PeriodicTask.objects.bulk_create(
        (
            PeriodicTask(name=f"task-{place}", task="x.y", crontab=crontabs[place % len(crontabs)], enabled=True)
            for place in range(number)
        ),
        batch_size=2_000,
    )
    PeriodicTasks.update_changed()


def _beat() -> dict[str, float]:
    """Seconds of the start, of a tick with nothing to do, and of the first tick after any change. Nothing is sent."""
    from celery import Celery
    from django_celery_beat.models import PeriodicTasks
    from django_celery_beat.schedulers import DatabaseScheduler

    before = megabytes()
    app = Celery("bench", broker="memory://", set_as_current=True)
    app.conf.update(timezone="UTC", beat_schedule={})
    with mock.patch.object(DatabaseScheduler, "apply_async", return_value=None):
        started = time.perf_counter()
        scheduler: Any = DatabaseScheduler(app)
        scheduler.tick()
        start = time.perf_counter() - started
        rest = middle([timed(scheduler.tick) for _ in range(TICKS)])
        PeriodicTasks.update_changed()
        changed = timed(scheduler.tick)
    scheduler._finalize.cancel()  # noqa: SLF001 - it would write 50,000 rows at the end
    return figures(start, rest, changed, megabytes() - before)


if __name__ == "__main__":
    main(int(sys.argv[1]))
