"""Notices: what one person is told, once; in the admin, and by mail where mail is set up."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from audit.scrubbing import clean_text, holds_secret
from identities.events import NoticeEvent
from identities.people.models import Notice, User

_SUBJECT = 200


def tell(
    people: Iterable[User],
    *,
    tenant_id: UUID,
    kind: str,
    key: str,
    subject: str,
    text: str = "",
    about: Subject | None = None,
    waits: bool = False,
) -> int:
    """Leave each of these people a notice, unless they had one with this `key`; answers how many are new.

    With `waits` it asks for something and stays in the inbox until `settle` says that it is done.

    Runs in the caller's transaction, whose audit record says why: the notice is only the way it reaches somebody.
    Accounts that are disabled and service users are passed over. Never hand it a secret; what looks like one is masked.
    """
    at = timezone.now()
    rows = [
        Notice(
            tenant_id=tenant_id,
            person=person,
            kind=kind,
            key=key,
            subject=clean_text(subject, _SUBJECT),
            text=_clean(text),
            about_kind=about.kind if about else "",
            about_id=about.id if about else "",
            created_at=at,
            waits=waits,
            mail_at=at if settings.MAIL_IS_ON else None,
        )
        for person in {person.pk: person for person in people}.values()
        if person.is_active and not person.is_agent
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return Notice.objects.filter(pk__in=[row.pk for row in rows]).count() if rows else 0


def of(person: User) -> QuerySet[Notice]:
    """What this person was told, newest first."""
    return Notice.objects.filter(person=person)


def settle(kind: str, *, about_id: object, at: datetime, people: Iterable[User] | None = None) -> int:
    """What notices of this kind asked for about `about_id` is done, or needs nobody any more; of `people`, or of all.

    Runs in the caller's transaction, as `tell` does. Answers how many were waiting.
    """
    rows = Notice.objects.filter(kind=kind, about_id=str(about_id), waits=True, done_at=None)
    if people is not None:
        rows = rows.filter(person__in=list(people))
    return rows.update(done_at=at, mail_at=None)


def waiting(person: User) -> QuerySet[Notice]:
    """What asks this person for something that is not done yet."""
    return of(person).filter(waits=True, done_at=None)


def unseen(person: User) -> QuerySet[Notice]:
    """What this person has not seen yet."""
    return of(person).filter(seen_at=None)


@transaction.atomic
def mark_seen(person: User, *, actor: Actor, notice_ids: Iterable[UUID] | None = None, at: datetime) -> int:
    """Mark these notices of this person as seen, or every one; answers how many were not before.

    Nobody sees for somebody else: ids of other people's notices do nothing, as ids that are nobody's.
    """
    rows = unseen(person) if notice_ids is None else unseen(person).filter(pk__in=list(notice_ids))
    seen = rows.update(seen_at=at)
    if seen:
        who = Subject(kind="user", id=str(person.pk), label=person.email, tenant_id=person.tenant_id)
        audit.record(NoticeEvent.SEEN, actor=actor, subject=who, details={"notices": seen})
    return seen


def _clean(text: str) -> str:
    # Lines stay lines, unless something in them reads as a secret: that may go over several.
    return clean_text(text) if holds_secret(text) else "\n".join(clean_text(line) for line in text.splitlines())
