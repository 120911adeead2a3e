"""Notices: said once, seen only by whom they are for, never with a secret in them."""

import pytest
from django.utils import timezone

from audit.actors import Subject
from audit.models import AuditEvent
from identities.events import NoticeEvent
from identities.people import notices
from identities.people.actors import actor_of
from identities.people.models import Notice, User
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return people.person()


def tell(*persons: User, key: str = "k", **facts: str) -> int:
    facts = {"kind": "test", "subject": "Look here", **facts}
    return notices.tell(persons, tenant_id=persons[0].tenant_id, key=key, **facts)  # type: ignore[arg-type]


def test_nobody_sees_for_somebody_else(person: User) -> None:
    other = people.person(of=person.tenant)
    tell(person)
    theirs = [notices.of(person).get().pk]
    assert notices.mark_seen(other, actor=actor_of(other), notice_ids=theirs, at=timezone.now()) == 0
    assert notices.unseen(person).count() == 1
    assert not AuditEvent.objects.filter(type=NoticeEvent.SEEN).exists()


def test_disabled_people_and_service_users_are_told_nothing(person: User) -> None:
    gone, agent = people.person(of=person.tenant, is_active=False), people.agent(of=person.tenant)
    assert tell(gone, agent) == 0
    assert tell(person, gone, agent, person) == 1


def test_what_reads_as_a_secret_is_masked(person: User) -> None:
    secret = "nhi_prod_" + "a1B2" * 10
    tell(person, subject=f"Leaked {secret}", text=f"one\n{secret}")
    notice = notices.of(person).get()
    assert secret not in notice.subject + notice.text


def test_the_same_key_is_said_once_to_each(person: User) -> None:
    other = people.person(of=person.tenant)
    assert tell(person) == 1
    assert tell(person, other) == 1
    assert tell(person, other, key="another") == 2
    assert Notice.objects.count() == 4


def test_a_notice_names_what_it_is_about_and_keeps_its_lines(person: User) -> None:
    about = Subject(kind="identity", id="7", label="bot", tenant_id=person.tenant_id)
    notices.tell(
        [person], tenant_id=person.tenant_id, kind="t", key="k", subject="S" * 300, text="one\ntwo", about=about
    )
    notice = notices.of(person).get()
    assert (notice.about_kind, notice.about_id, notice.text) == ("identity", "7", "one\ntwo")
    assert len(notice.subject) == 200


@pytest.mark.parametrize("is_on", [False, True])
def test_a_notice_waits_to_be_mailed_only_where_mail_is_on(person: User, settings, is_on: bool) -> None:
    settings.MAIL_IS_ON = is_on
    tell(person)
    assert (notices.of(person).get().mail_at is not None) is is_on


def test_seeing_is_recorded_once(person: User) -> None:
    tell(person, key="a")
    tell(person, key="b")
    at = timezone.now()
    assert notices.mark_seen(person, actor=actor_of(person), at=at) == 2
    assert notices.mark_seen(person, actor=actor_of(person), at=at) == 0
    assert notices.unseen(person).count() == 0
    assert AuditEvent.objects.get(type=NoticeEvent.SEEN).details == {"notices": 2}
