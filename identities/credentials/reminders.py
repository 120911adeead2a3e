"""Reminders: those who answer for it are told 14, 7 and 1 days before a credential is due, and once it is."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from audit import services as audit
from audit.actors import Actor, Subject
from identities.credentials.coming_due import Due, coming_due
from identities.credentials.models import Reminder
from identities.events import CredentialEvent
from identities.inventory.answering import answer_for
from identities.inventory.subjects import subject_of
from identities.people import notices

SYSTEM = "reminders"
KIND = "credential_due"
#: So many in one round: the rest an hour later. Each takes some milliseconds, most of them for who is told.
AT_ONCE = 2000


def remind(at: datetime, *, limit: int = AT_ONCE) -> int:
    """Tell of what has come near since the last round, the nearest threshold only; answers how many were told of.

    Each in a transaction of its own, once for each credential, date and threshold, whoever else reminds. Where nothing
    is near: five queries.
    """
    said = 0
    for due in coming_due(at):
        said += _say(due, at)
        if said >= limit:
            break
    return said


@transaction.atomic
def _say(due: Due, at: datetime) -> bool:
    reminder = Reminder(
        identity=due.identity, credential_id=due.credential_id, due_at=due.at, days=due.days, said_at=at
    )
    Reminder.objects.bulk_create([reminder], ignore_conflicts=True)
    if not Reminder.objects.filter(pk=reminder.pk).exists():
        return False
    tenant_id, about = due.identity.tenant_id, subject_of(due.identity)
    told = notices.tell(
        answer_for(due.identity),
        tenant_id=tenant_id,
        kind=KIND,
        key=f"due:{due.credential_id}:{due.at:%Y%m%dT%H%M%S}:{due.days}",
        subject=_subject(due),
        text="\n".join(_text(due)),
        about=about,
    )
    audit.record(
        CredentialEvent.REMINDED,
        actor=Actor.system(SYSTEM, tenant_id),
        subject=Subject("credential", str(due.credential_id), f"{about.label} {due.label}", tenant_id),
        details={"identity_id": about.id, "due_at": due.at.isoformat(), "days_before": due.days, "people": told},
    )
    return True


def _subject(due: Due) -> str:
    what = f"{due.words[:1].upper()}{due.words[1:]} {due.label} of {due.identity.name}"
    if due.days == 0:
        return f"{what} is overdue for rotation"
    return f"{what} is due for rotation in {due.days} day{'s' if due.days > 1 else ''} or less"


def _text(due: Due) -> Iterator[str]:
    yield f"{'Was' if due.days == 0 else 'Is'} to be rotated by {due.at:%d %B %Y, %H:%M} UTC."
    if due.is_end:
        yield "It stops working then."
    elif due.is_ours:
        yield "It goes on working: make a new one beside it, move the workload over, and the old one ends by itself."
    else:
        yield "It was issued elsewhere, and is rotated there."
