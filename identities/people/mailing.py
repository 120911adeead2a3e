"""Notices by mail: all that wait for one person in one mail, tried again later where the server does not take it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from uuid import UUID

import structlog
from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction

from audit import services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities.events import NoticeEvent
from identities.people.actors import subject_of
from identities.people.models import Notice, User

log = structlog.get_logger(__name__)
SYSTEM = "mail"
#: So many people in one round.
AT_ONCE = 50
#: So many notices in one mail; what is beyond stands in the admin anyway.
MOST = 200
#: Minutes from one try to the next. After the last it is given up, and the inbox says so.
PAUSES = (2, 5, 15, 60, 240, 720, 1440)
#: What is wrong with one mail, or with the address it goes to; anything else is wrong with the server.
_ONE_MAIL = (SMTPRecipientsRefused, SMTPDataError, ValueError)


def send_due(at: datetime, *, inbox: str, limit: int = AT_ONCE) -> int:
    """Mail what waits to be mailed at `at`; answers how many mails left. `inbox` is the address of the page.

    Each person's notices are taken for the length of the first pause before the server is spoken to, outside of any
    transaction: a worker that dies in between sends them once more, never not at all. The first failure that is the
    server's ends the round, so that a dead one costs each round one try. Where nothing waits: one query.
    """
    due = Notice.objects.filter(mail_at__lte=at).order_by("mail_at").values_list("person_id", flat=True)
    people = list(dict.fromkeys(due[: limit * MOST]))[:limit]
    if not people:
        return 0
    server: BaseEmailBackend = mail.get_connection()
    sent = 0
    try:
        for person_id in people:
            outcome = _mail(server, person_id, at, inbox)
            if outcome is None:
                break
            sent += outcome
    finally:
        _hang_up(server)
    return sent


def _mail(server: BaseEmailBackend, person_id: UUID, at: datetime, inbox: str) -> int | None:
    """One mail to one person: 1 if it left, 0 if there was nothing to say or it was refused, None if nobody answers."""
    taken = _take(person_id, at)
    if not taken:
        return 0
    try:
        server.send_messages([_message(taken, inbox)])
    except (SMTPException, OSError, ValueError) as error:
        log.warning("mail.failed", person_id=str(person_id), error=type(error).__name__, tries=taken[0].mail_tries)
        _note_failure(taken, error)
        return 0 if isinstance(error, _ONE_MAIL) else None
    _note_sent(taken, at)
    return 1


@transaction.atomic
def _take(person_id: UUID, at: datetime) -> list[Notice]:
    """What this person is to be mailed, held until the next try; what was seen or has nobody left to read is let go."""
    skip = connection.features.has_select_for_update_skip_locked
    waiting = Notice.objects.filter(person_id=person_id, mail_at__lte=at).select_related("person")
    rows = list(waiting.select_for_update(no_key=True, skip_locked=skip, of=("self",)).order_by("created_at")[:MOST])
    wanted = [row for row in rows if row.seen_at is None and row.person.is_active]
    Notice.objects.filter(pk__in={row.pk for row in rows} - {row.pk for row in wanted}).update(mail_at=None)
    for row in wanted:
        row.mail_at = _next_try(row.mail_tries, at)
        row.mail_tries += 1
    Notice.objects.bulk_update(wanted, ["mail_at", "mail_tries"])
    if wanted:
        # Before it leaves: a mail without a record there must not be.
        _record(NoticeEvent.MAILED, wanted, Outcome.SUCCESS)
    return wanted


def _next_try(tries: int, at: datetime) -> datetime:
    return at + timedelta(minutes=PAUSES[min(tries, len(PAUSES) - 1)])


def _note_sent(taken: Sequence[Notice], at: datetime) -> None:
    Notice.objects.filter(pk__in=[row.pk for row in taken]).update(mailed_at=at, mail_at=None)


@transaction.atomic
def _note_failure(taken: Sequence[Notice], error: Exception) -> None:
    """Those tried often enough are given up, which the inbox shows."""
    over = [row for row in taken if row.mail_tries > len(PAUSES)]
    Notice.objects.filter(pk__in=[row.pk for row in over]).update(mail_at=None)
    said = "It is tried again." if len(over) < len(taken) else "It is given up."
    _record(NoticeEvent.MAIL_FAILED, taken, Outcome.FAILURE, reason=f"{type(error).__name__}. {said}")


def _record(event: NoticeEvent, taken: Sequence[Notice], outcome: Outcome, reason: str = "") -> None:
    person: User = taken[0].person
    audit.record(
        event,
        actor=Actor.system(SYSTEM, person.tenant_id),
        subject=subject_of(person),
        outcome=outcome,
        reason=reason,
        details={"notices": len(taken), "kinds": sorted({row.kind for row in taken})},
    )


def _message(taken: Sequence[Notice], inbox: str) -> mail.EmailMessage:
    said = [f"{row.subject}{_often(row)}{_due(row)}\n{row.text}".strip() for row in taken]
    subject = taken[0].subject if len(taken) == 1 else f"{len(taken)} notices wait for you"
    return mail.EmailMessage(
        subject=f"[Steward] {subject}",
        body="\n\n".join([*said, f"-- \nRead and answer them at {inbox}"]),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[taken[0].person.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def _often(row: Notice) -> str:
    return f" ({row.times} times since {row.created_at:%d %b %H:%M} UTC)" if row.times > 1 else ""


def _due(row: Notice) -> str:
    return f" (due {row.due_at:%d %b %Y %H:%M} UTC)" if row.due_at else ""


def _hang_up(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (SMTPException, OSError) as error:
        log.info("mail.hang_up", error=type(error).__name__)
