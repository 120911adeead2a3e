"""Two accounts of one person: by mailbox, by full name, by what they were called before."""

from uuid import uuid4

import pytest

from identities.people.models import User
from identities.people.same_person import full_name, is_same, mailbox, personas

TENANT = uuid4()


def user(email: str, first: str = "", last: str = "", tenant=TENANT) -> User:
    return User(email=email, first_name=first, last_name=last, tenant_id=tenant)


def same(one: User, other: User) -> bool:
    return is_same(personas(one), personas(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (user("ann@example.com"), user("ben@example.com")),
        (user("ann@example.com"), user("ann@example.org")),
        (user("ann@example.com", "Ann"), user("a2@example.com", "Ann")),
        (user("ann@example.com", last="Archer"), user("a2@example.com", last="Archer")),
        (user("ann@example.com", "Ann", "Archer"), user("a2@example.com", "Ann", "Bower")),
        (user("ann@example.com", "Ann", "Archer"), user("a2@example.com", "Ann", "Archer", uuid4())),
        (user("ann@example.com", "Ann", "Archer"), user("a2@example.com", "AnnA", "rcher")),
    ],
)
def test_two_people_are_two(one: User, other: User) -> None:
    assert not same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (user("ann@example.com"), user("ann+admin@example.com")),
        (user("ann+one@example.com"), user("Ann+Two@Example.com", tenant=uuid4())),
        (user("ann@example.com", "Ann", "Archer"), user("a2@example.com", " ANN ", "archer")),
        (user("s@example.com", "Jürgen", "Groß"), user("t@example.com", "Ju\u0308rgen", "GROSS")),
    ],
)
def test_one_person_is_one_under_two_addresses(one: User, other: User) -> None:
    assert same(one, other)


def test_a_new_name_or_address_makes_nobody_another_person() -> None:
    renamed = user("bob@example.com", "Bob", "Bower")
    changes = [
        {
            "first_name": {"previous": "Ann", "current": "Ann-Marie"},
            "email": {"previous": "a@x.com", "current": "b@x.com"},
        },
        {
            "first_name": {"previous": "Ann-Marie", "current": "Bob"},
            "last_name": {"previous": "Archer", "current": "Bower"},
        },
    ]
    before = personas(renamed, changes)
    assert is_same(before, personas(user("other@example.com", "Ann", "Archer")))
    assert is_same(before, personas(user("a+1@x.com")))
    assert not is_same(before, personas(user("other@example.com", "Ann", "Bower")))


def test_an_address_without_an_at_is_no_mailbox_of_everybody() -> None:
    assert mailbox("ann") != mailbox("ben")
    assert full_name("Ann", " ") == ""
