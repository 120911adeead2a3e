"""Service users that give way to managed identities: whose use has moved over is disabled."""

import structlog
from celery import shared_task
from django.utils import timezone

from identities.service_users import following

log = structlog.get_logger(__name__)


@shared_task(name="identities.follow_replacements", ignore_result=True)
def follow_replacements() -> None:
    """Each three minutes: replacements whose use has moved over end, those that take too long are told of."""
    if ended := following.follow(timezone.now()):
        log.info("replacements.ended", replacements=ended)
