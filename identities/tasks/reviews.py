"""The queue's half of reviews: campaigns are launched and written, reviewers reminded, silence acted on."""

import time

import structlog
from celery import shared_task
from django.utils import timezone

from audit.actors import Actor
from identities.recertification import campaigns, plans, remediation, reminding, silence

log = structlog.get_logger(__name__)

#: So long one call writes items of large campaigns; the next one goes on.
PREPARE_SECONDS = 5.0


@shared_task(name="identities.reviews", ignore_result=True)
def tend() -> None:
    """Each ten seconds: plans launch, campaigns are written in bites, and those past their deadline are acted on."""
    at = timezone.now()
    launched, settled = plans.launch_due(at), silence.sweep(at)
    _prepare(ends=time.monotonic() + PREPARE_SECONDS)
    retried, closed = remediation.retry_due(at), campaigns.close_finished(at)
    if launched or settled or retried or closed:
        log.info("reviews", launched=launched, settled=settled, retried=retried, closed=closed)


def _prepare(*, ends: float) -> None:
    for campaign in campaigns.preparing():
        actor = Actor.system("reviews", campaign.tenant_id)
        while time.monotonic() < ends and not campaigns.prepare(campaign, actor=actor):
            pass


@shared_task(name="identities.remind_reviewers", ignore_result=True)
def remind() -> None:
    """Each minute: who was asked is reminded, and who cannot or does not look is passed over for the next."""
    if done := reminding.remind(timezone.now()):
        log.info("remind_reviewers", done=done)
