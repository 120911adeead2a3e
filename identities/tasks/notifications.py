"""Telling people: the queue's half. The rows decide everything; a lost message costs one round."""

import structlog
from celery import shared_task
from django.utils import timezone

from identities.notifications import reading, sending

log = structlog.get_logger(__name__)


@shared_task(name="identities.notify", ignore_result=True)
def notify() -> None:
    """Each five seconds: what was sealed since is told to those who want to know."""
    if told := reading.read_on(timezone.now()):
        log.info("notify", events=told)


@shared_task(name="identities.send_deliveries", ignore_result=True)
def send_deliveries() -> None:
    """Each five seconds: deliveries that are due leave."""
    if sent := sending.send_due(timezone.now()):
        log.info("send_deliveries", sent=sent)


@shared_task(name="identities.forget_deliveries", ignore_result=True)
def forget_deliveries() -> None:
    """Each hour: what arrived a month ago is dropped."""
    sending.forget_sent(timezone.now())
