"""The audit's periodic work as Celery tasks; each may run twice at once without harm."""

from celery import shared_task
from django.utils import timezone

from audit import checkpoints, gaps, sealing, verification


@shared_task(name="audit.seal", ignore_result=True)
def seal() -> None:
    """Seal what is waiting and, when it is time, take a checkpoint; none while a restored backup is unanswered for."""
    sealing.seal_all()
    if gaps.settle():
        checkpoints.take(timezone.now())


@shared_task(name="audit.verify", ignore_result=True)
def verify() -> None:
    """Walk the whole chain and keep the verdict for the screens."""
    verification.note(verification.verify())
