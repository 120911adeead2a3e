"""The queue's half of approvals: what nobody answered in time has ended."""

import structlog
from celery import shared_task
from django.utils import timezone

from identities.approvals import services as approvals

log = structlog.get_logger(__name__)


@shared_task(name="identities.expire_approvals", ignore_result=True)
def expire_approvals() -> None:
    """Each minute: approvals whose day has passed expire, and what they were about hears of it."""
    if expired := approvals.expire_due(timezone.now()):
        log.info("expire", approvals=expired)
