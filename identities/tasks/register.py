"""What of the register takes longer than a request: the queue's half. Arguments are ids; the rows decide everything."""

from uuid import UUID

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from audit.actors import Actor
from identities.credentials import reminders, rotations as overlaps, usage as uses
from identities.detections import accounts
from identities.discovery import services as discovery
from identities.discovery.models import ImportRun
from identities.discovery.staging import AT_ONCE
from identities.inventory import posture
from identities.lifecycle import drills, leavers_rotation, pausing, rotations
from identities.notifications import links
from identities.people import mailing
from identities.service_users import services as service_users

log = structlog.get_logger(__name__)


@shared_task(name="identities.apply_import", ignore_result=True)
def apply_import(run_id: str) -> None:
    """Apply what is left of an import that has begun. Sent twice, it does nothing twice."""
    run = ImportRun.objects.filter(pk=UUID(run_id)).first()
    if run is not None:
        discovery.apply(run)


@shared_task(name="identities.continue_imports", ignore_result=True)
def continue_imports() -> None:
    """Each half minute: imports whose worker was lost go on, those abandoned while being read are ended."""
    for run_id in discovery.tidy(timezone.now()):
        ring(run_id)


@shared_task(name="identities.deliver_secrets", ignore_result=True)
def deliver_secrets() -> None:
    """Each five seconds: new secrets that are on their way into a vault go on, whoever lost them."""
    if delivered := rotations.deliver_due(timezone.now()):
        log.info("deliver", rotations=delivered)


@shared_task(name="identities.lift", ignore_result=True)
def lift() -> None:
    """Each five seconds: pauses and drills that are over end by themselves."""
    at = timezone.now()
    if lifted := pausing.lift_due(at) + drills.end_due(at):
        log.info("lift", identities=lifted)


@shared_task(name="identities.remind", ignore_result=True)
def remind() -> None:
    """Each hour: those who answer for a credential are told that its day is near."""
    if said := reminders.remind(timezone.now()):
        log.info("remind", credentials=said)


@shared_task(name="identities.mail", ignore_result=True)
def send_mail() -> None:
    """Each half minute: notices that wait to be mailed leave, where there is a mail server."""
    if not settings.MAIL_IS_ON:
        return
    if sent := mailing.send_due(timezone.now(), inbox=links.whole(links.INBOX)):
        log.info("mail", sent=sent)


@shared_task(name="identities.rotate_seen", ignore_result=True)
def rotate_seen() -> None:
    """Each five seconds: what somebody who left was shown, and is to be replaced, is."""
    if looked_at := leavers_rotation.rotate_due(timezone.now()):
        log.info("rotate_seen", secrets=looked_at)


def ring(run_id: UUID) -> None:
    """Tell the queue of this import; where the broker is away, the next round of `continue_imports` does."""
    try:
        apply_import.delay(str(run_id))
    except (OperationalError, OSError) as error:
        log.warning("bell.silent", error=type(error).__name__)


def carry_out(run: ImportRun, *, actor: Actor) -> ImportRun:
    """For a face: let a previewed import be applied, at once where it is one batch, else by a worker.

    Raises Conflict where it cannot be applied.
    """
    begun = discovery.begin(run, actor=actor)
    if begun.rows_read <= AT_ONCE:
        return discovery.apply(begun)
    transaction.on_commit(lambda: ring(begun.pk))
    return begun


@shared_task(name="identities.tend_rotations", ignore_result=True)
def tend_rotations() -> None:
    """Each five seconds: evidence moves the rotations that are due."""
    if moved := overlaps.tend(timezone.now()):
        log.info("tend", rotations=moved)


@shared_task(name="identities.follow_accounts", ignore_result=True)
def follow_accounts() -> None:
    """Each ten seconds: accounts that have no row get one, and those that fail, or work again, are judged."""
    if entered := service_users.ensure_rows():
        log.info("follow_accounts", entered=entered)
    for identity_id in accounts.out_of_step():
        posture.mark([identity_id])


@shared_task(name="identities.forget_uses", ignore_result=True)
def forget_uses() -> None:
    """Each hour: counts of use are kept for thirty days."""
    uses.remove_old(timezone.now())
