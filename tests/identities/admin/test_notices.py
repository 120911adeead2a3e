"""The inbox: one's own notices only, a count on every page, and a way to what each is about."""

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.actors import Subject
from identities.people import notices
from identities.people.actors import actor_of
from identities.people.models import Notice, User
from tests.factories import pages, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate() -> pages.Estate:
    return pages.estate()


def tell(to: User, key: str = "k", *, kind: str = "test", about: Subject | None = None) -> Notice:
    notices.tell([to], tenant_id=to.tenant_id, kind=kind, key=key, subject=f"Look at {key}", text="Soon.", about=about)
    return Notice.objects.get(person=to, key=key)


def about(estate: pages.Estate, kind: str = "identity") -> Subject:
    return Subject(kind=kind, id=str(estate.identity.pk), label="x", tenant_id=estate.tenant.pk)


def test_nobody_reads_or_marks_what_is_for_somebody_else(estate: pages.Estate) -> None:
    other = people.person(of=estate.tenant)
    theirs = tell(other, "a secret matter")
    browser = pages.signed_in(estate.person)
    assert "a secret matter" not in browser.get(reverse("admin:notices")).content.decode()
    browser.post(reverse("admin:notices"), {"notice": str(theirs.pk)})
    browser.post(reverse("admin:notices"))
    assert Notice.objects.get().seen_at is None


@pytest.mark.parametrize("named", ["no-id", "00000000-0000-0000-0000-000000000000"])
def test_a_name_that_is_nobodys_marks_nothing(estate: pages.Estate, named: str) -> None:
    tell(estate.person)
    answer = pages.signed_in(estate.person).post(reverse("admin:notices"), {"notice": named})
    assert (answer.status_code, notices.unseen(estate.person).count()) == (302, 1)


def test_what_waits_is_counted_on_every_page_without_a_query_of_its_own(estate: pages.Estate) -> None:
    browser = pages.signed_in(estate.person)
    assert "sw-bell-rings" not in browser.get(reverse("admin:programme")).content.decode()
    tell(estate.person)
    tell(estate.person, "k2")
    page = browser.get(reverse("admin:programme")).content.decode()
    assert "2 notices wait for you" in page
    assert notices.mark_seen(estate.person, actor=actor_of(estate.person), at=timezone.now()) == 2
    assert "sw-bell-rings" not in browser.get(reverse("admin:programme")).content.decode()


def test_one_is_marked_and_the_other_still_waits(estate: pages.Estate) -> None:
    one = tell(estate.person, "one")
    tell(estate.person, "two")
    browser = pages.signed_in(estate.person)
    browser.post(reverse("admin:notices"), {"notice": str(one.pk)})
    assert [notice.key for notice in notices.unseen(estate.person)] == ["two"]
    page = browser.get(reverse("admin:notices")).content.decode()
    assert page.index("Look at two") < page.index("Look at one")


def test_a_notice_leads_to_what_it_is_about(estate: pages.Estate) -> None:
    tell(estate.person, kind="credential_due", about=about(estate))
    address = reverse("admin:identities_managedidentity_change", args=[estate.identity.pk])
    assert (
        f'href="{address}?tab=credentials"'
        in pages.signed_in(estate.person).get(reverse("admin:notices")).content.decode()
    )


def test_what_has_no_page_is_told_without_a_link(estate: pages.Estate) -> None:
    tell(estate.person, about=about(estate, kind="comet"))
    assert "Look at k" in pages.signed_in(estate.person).get(reverse("admin:notices")).content.decode()


@pytest.mark.parametrize(("tries", "waits", "said"), [(1, True, "mail delayed"), (8, False, "not mailed")])
def test_mail_that_did_not_arrive_is_said(estate: pages.Estate, tries: int, waits: bool, said: str) -> None:
    tell(estate.person)
    Notice.objects.update(mail_tries=tries, mail_at=timezone.now() if waits else None)
    assert said in pages.signed_in(estate.person).get(reverse("admin:notices")).content.decode()


def test_the_page_costs_the_same_for_one_and_for_many(estate: pages.Estate, django_assert_max_num_queries) -> None:
    for number in range(30):
        tell(estate.person, str(number))
    browser = pages.signed_in(estate.person)
    with django_assert_max_num_queries(7):
        browser.get(reverse("admin:notices"))


def test_a_notice_of_a_secret_leads_to_its_identity(estate: pages.Estate) -> None:
    subject = Subject(kind="credential", id=str(estate.secret.pk), label="x", tenant_id=estate.tenant.pk)
    tell(estate.person, about=subject)
    page = pages.signed_in(estate.person).get(reverse("admin:notices")).content.decode()
    assert f"{estate.identity.pk}/change/?tab=credentials" in page
