"""The Celery application: the bell that wakes the ledger. Arguments are ids in JSON; no result is ever stored."""

import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask

from audit import context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

CORRELATION_HEADER = "steward_correlation_id"


class CorrelatedTask(DjangoTask):
    """A task that carries the correlation id of whoever sent it, so one id runs from request to audit.

    A message without an id, or with one that is not well formed, gets an id of its own.
    """

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        headers = {CORRELATION_HEADER: context.current().correlation_id, **(options.pop("headers", None) or {})}
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        sent = self.request.get(CORRELATION_HEADER) or (self.request.headers or {}).get(CORRELATION_HEADER) or ""
        with context.bound(correlation_id=sent if context.is_well_formed(sent) else context.new_correlation_id()):
            return super().__call__(*args, **kwargs)


app = Celery("steward", task_cls=CorrelatedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
