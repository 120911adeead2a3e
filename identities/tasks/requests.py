"""The queue's half of requests: what is approved and met a problem is issued as soon as that is gone."""

import structlog
from celery import shared_task
from django.utils import timezone

from identities.requests import issuing

log = structlog.get_logger(__name__)


@shared_task(name="identities.issue_requests", ignore_result=True)
def issue_requests() -> None:
    """Each ten seconds: requests that have every yes and are not issued yet are tried again."""
    if issued := issuing.issue_due(timezone.now()):
        log.info("issue", requests=issued)
