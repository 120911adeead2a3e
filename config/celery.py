"""The Celery application: the bell that wakes the ledger. Arguments are ids in JSON; no result is ever stored."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.contrib.django.task import DjangoTask

from audit import context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks load every page and route, 37 MB that a worker or beat needs for nothing else. Whoever migrates runs
# them all before any of these starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

CORRELATION_HEADER = "steward_correlation_id"
#: What goes on while nobody has answered for a restored backup: it changes nothing and reaches nobody.
GOES_ON = ("audit.seal", "audit.verify")

log = structlog.get_logger(__name__)


class CorrelatedTask(DjangoTask):
    """A task that carries the correlation id of whoever sent it, so one id runs from request to audit.

    A message without an id, or with one that is not well formed, gets an id of its own. On a database that is older
    than the checkpoint file beside it no task does anything, so that nothing is done twice (see `audit.gaps`).
    """

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        headers = {CORRELATION_HEADER: context.current().correlation_id, **(options.pop("headers", None) or {})}
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.name not in GOES_ON and _is_held():
            return None
        sent = self.request.get(CORRELATION_HEADER) or (self.request.headers or {}).get(CORRELATION_HEADER) or ""
        with context.bound(correlation_id=sent if context.is_well_formed(sent) else context.new_correlation_id()):
            return super().__call__(*args, **kwargs)


def _is_held() -> bool:
    # Imported here: models are there once Django is set up, and this module is what sets Celery up before.
    from audit import gaps

    if (gap := gaps.found()) is None:
        return False
    log.error("restored.unanswered", kept=gap.kept, seen=gap.seen, mend="manage.py restored")
    return True


app = Celery("steward", task_cls=CorrelatedTask, amqp="config.broker:SteadyAMQP")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
