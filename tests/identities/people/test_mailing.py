"""Notices by mail: together, again where the server does not take them, and given up where nobody ever does."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from audit.models import AuditEvent
from identities.events import NoticeEvent
from identities.people import mailing, notices
from identities.people.models import Notice, User
from tests.factories import people

pytestmark = pytest.mark.django_db
INBOX = "https://steward.example.com/admin/notices/"
MINUTE = timedelta(minutes=1)


class Deaf(BaseEmailBackend):
    """A server that hangs up."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        raise SMTPServerDisconnected("gone")


class Choosy(BaseEmailBackend):
    """A server that does not know one of the addresses."""

    unknown = ""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        if email_messages[0].to == [self.unknown]:
            raise SMTPRecipientsRefused({self.unknown: (550, b"unknown")})
        mail.outbox.extend(email_messages)
        return len(email_messages)


@pytest.fixture(autouse=True)
def _mail_is_on(settings: Any) -> None:
    settings.MAIL_IS_ON = True


@pytest.fixture
def person() -> User:
    return people.person()


def tell(to: User, key: str = "k", **facts: str) -> None:
    facts = {"kind": "test", "subject": f"Notice {key}", **facts}
    notices.tell([to], tenant_id=to.tenant_id, key=key, **facts)  # type: ignore[arg-type]


def use(settings: Any, backend: type[BaseEmailBackend]) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{backend.__name__}"


def send(at: datetime | None = None) -> int:
    return mailing.send_due(at or timezone.now(), inbox=INBOX)


def test_where_nothing_waits_one_question_is_asked(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert send() == 0


def test_what_was_seen_in_the_meantime_is_not_mailed(person: User) -> None:
    tell(person)
    Notice.objects.update(seen_at=timezone.now())
    assert (send(), mail.outbox) == (0, [])
    assert Notice.objects.get().mail_at is None


def test_somebody_who_left_gets_no_mail(person: User) -> None:
    tell(person)
    User.objects.update(is_active=False)
    assert (send(), mail.outbox) == (0, [])


def test_what_waits_for_one_person_goes_in_one_mail(person: User) -> None:
    other = people.person(of=person.tenant)
    tell(person, "a", text="First line\nSecond line")
    tell(person, "b")
    tell(other, "c")
    assert send() == 2
    both = next(message for message in mail.outbox if message.to == [person.email])
    assert both.subject == "[Steward] 2 notices wait for you"
    assert "Notice a\nFirst line\nSecond line\n\nNotice b" in both.body
    assert INBOX in both.body
    assert not Notice.objects.filter(mailed_at=None).exists()
    assert AuditEvent.objects.filter(type=NoticeEvent.MAILED).count() == 2


def test_a_mail_leaves_once(person: User) -> None:
    tell(person)
    at = timezone.now()
    assert [send(at), send(at), send(at + 5000 * MINUTE)] == [1, 0, 0]
    assert mail.outbox[0].subject == "[Steward] Notice k"


def test_a_dead_server_costs_one_try_a_round_and_is_asked_again(person: User, settings: Any) -> None:
    other = people.person(of=person.tenant)
    tell(person)
    tell(other)
    use(settings, Deaf)
    assert send() == 0
    assert sorted(Notice.objects.values_list("mail_tries", flat=True)) == [0, 1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send(timezone.now() + 3 * MINUTE) == 2


def test_an_address_that_is_refused_stops_nobody_else(
    person: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = people.person(of=person.tenant)
    tell(person)
    tell(other)
    use(settings, Choosy)
    monkeypatch.setattr(Choosy, "unknown", person.email)
    assert send() == 1
    assert [message.to for message in mail.outbox] == [[other.email]]


def test_after_a_week_of_refusals_it_is_given_up_with_a_record(person: User, settings: Any) -> None:
    tell(person)
    use(settings, Deaf)
    at = timezone.now()
    for _ in range(len(mailing.PAUSES) + 3):
        send(at)
        at += timedelta(days=2)
    notice = Notice.objects.get()
    assert (notice.mail_tries, notice.mail_at, notice.mailed_at) == (len(mailing.PAUSES) + 1, None, None)
    said = list(AuditEvent.objects.filter(type=NoticeEvent.MAIL_FAILED).order_by("pk").values_list("reason", flat=True))
    assert said == [
        *["SMTPServerDisconnected. It is tried again."] * len(mailing.PAUSES),
        "SMTPServerDisconnected. It is given up.",
    ]


def test_a_worker_that_dies_while_it_sends_loses_nothing(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(person)

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_message", killed)
        with pytest.raises(KeyboardInterrupt):
            send()
    assert send() == 0
    assert send(timezone.now() + 3 * MINUTE) == 1
