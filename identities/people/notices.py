"""Notices: what one person is told, once; in the admin, and by mail where mail is set up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from audit.scrubbing import clean_text, holds_secret
from identities.events import NoticeEvent
from identities.people.models import Notice, User

_SUBJECT, _ABOUT = 200, 64
#: So many lines in one that gathers; `times` says how many there were.
_LINES = 30


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
    due_at: datetime | None = None,
) -> int:
    """Leave each of these people a notice, unless they had one with this `key`; answers how many are new.

    With `waits` it asks for something, perhaps by `due_at`, and stays in the inbox until `settle` says that it is done.

    Runs in the caller's transaction, whose audit record says why: the notice is only the way it reaches somebody.
    Accounts that are disabled and service users are passed over. Never hand it a secret; what looks like one is masked.
    """
    at = timezone.now()
    said = _Said(tenant_id, kind, key, subject, text, about)
    rows = [said.to(person, at) for person in _able(people)]
    for row in rows:
        row.waits, row.due_at = waits, due_at
    return _leave(rows)


def tell_again(
    people: Iterable[User],
    *,
    tenant_id: UUID,
    kind: str,
    key: str,
    subject: str,
    text: str = "",
    about: Subject | None = None,
    gathers: bool = False,
    mail_at: datetime | None = None,
) -> int:
    """As `tell`, but who had one with this `key` has it counted and brought up to date, and is not mailed once more.

    With `gathers` the text is added to what stands there, as far as there is room. `mail_at` puts the mail off.
    """
    at = timezone.now()
    said = _Said(tenant_id, kind, key, subject, text, about)
    able = _able(people)
    held = Notice.objects.filter(person__in=able, key=key).select_for_update(no_key=True).order_by("pk")
    told = list(held)
    for row in told:
        row.times, row.last_at, row.subject = row.times + 1, at, clean_text(subject, _SUBJECT)
        row.text = _gathered(row.text, _clean(text)) if gathers else _clean(text)
    Notice.objects.bulk_update(told, ["times", "last_at", "subject", "text"])
    had = {row.person_id for row in told}
    return _leave([said.to(person, at, mail_at) for person in able if person.pk not in had])


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


def told(person: User) -> QuerySet[Notice]:
    """What this person was told and is not asked for any more, what they have not seen first."""
    rest = of(person).exclude(waits=True, done_at=None).annotate(is_new=Q(seen_at=None))
    return rest.order_by("-is_new", "-created_at", "id")


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


@dataclass(frozen=True, slots=True)
class _Said:
    """What everybody is told alike."""

    tenant_id: UUID
    kind: str
    key: str
    subject: str
    text: str
    about: Subject | None

    def to(self, person: User, at: datetime, mail_at: datetime | None = None) -> Notice:
        return Notice(
            tenant_id=self.tenant_id,
            person=person,
            kind=self.kind,
            key=self.key,
            subject=clean_text(self.subject, _SUBJECT),
            text=_clean(self.text),
            about_kind=self.about.kind if self.about else "",
            about_id=self.about.id[:_ABOUT] if self.about else "",
            created_at=at,
            mail_at=(mail_at or at) if settings.MAIL_IS_ON else None,
        )


def _able(people: Iterable[User]) -> list[User]:
    once = {person.pk: person for person in people}.values()
    return [person for person in once if person.is_active and not person.is_agent]


def _leave(rows: list[Notice]) -> int:
    if not rows:
        return 0
    # By person: of two that tell the same people the same, the second waits for the first, and neither in a ring.
    Notice.objects.bulk_create(sorted(rows, key=lambda row: row.person_id), ignore_conflicts=True)
    return Notice.objects.filter(pk__in=[row.pk for row in rows]).count()


def _gathered(before: str, line: str) -> str:
    lines = [*before.split("\n"), line]
    return "\n".join(lines) if len(lines) <= _LINES else before


def _clean(text: str) -> str:
    # Lines stay lines, unless something in them reads as a secret: that may go over several.
    return clean_text(text) if holds_secret(text) else "\n".join(clean_text(line) for line in text.splitlines())
