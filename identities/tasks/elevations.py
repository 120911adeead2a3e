"""Elevations, break-glass and exceptions: what has ended by its dates is tidied up. Nothing waits for it."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from identities.elevations import aftermath, replacing
from identities.inventory import exceptions

log = structlog.get_logger(__name__)
#: Exceptions that ended within this are looked at once more, whoever slept meanwhile.
LOOKED_BACK = timedelta(days=2)


@shared_task(name="identities.tend_elevations", ignore_result=True)
def tend_elevations() -> None:
    """Each ten seconds: break-glass whose use is over, its review late, its secret to be replaced; ended exceptions."""
    at = timezone.now()
    exceptions.look_again(at - LOOKED_BACK, at)
    moved = aftermath.tend(at)
    if moved + replacing.replace_due(at):
        log.info("break_glass.tended", moved=moved)
