"""Succession's clock: cases begin, move on and end by themselves."""

import structlog
from celery import shared_task
from django.utils import timezone

from identities.succession import cases, transfers

log = structlog.get_logger(__name__)


@shared_task(name="identities.succession", ignore_result=True)
def tend_succession() -> None:
    """Each half minute: whoever was left behind gets a case, and whoever did not answer is passed over."""
    at = timezone.now()
    if moved := cases.tend(at) + transfers.expire_due(at):
        log.info("succession", moved=moved)
