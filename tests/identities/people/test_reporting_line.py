import pytest

from audit.models import AuditEvent
from identities.errors import Invalid, Refused
from identities.people import services as people
from identities.people.actors import actor_of
from tests.factories import people as made

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return made.tenant()


@pytest.fixture
def admin(company):
    return made.person(of=company)


def test_nobody_is_managed_by_a_machine_a_leaver_a_stranger_or_themselves(company, admin):
    person = made.person(of=company)
    others = [made.agent(of=company), made.person(of=company, is_active=False), made.person(), person]
    for manager in others:
        with pytest.raises(Invalid) as caught:
            people.set_manager(person, manager=manager, actor=actor_of(admin))
        assert list(caught.value.errors) == ["manager"]


def test_a_circle_is_refused(company, admin):
    first, second, third = (made.person(of=company) for _ in range(3))
    people.set_manager(first, manager=second, actor=actor_of(admin))
    people.set_manager(second, manager=third, actor=actor_of(admin))
    with pytest.raises(Invalid):
        people.set_manager(third, manager=first, actor=actor_of(admin))


def test_an_account_that_reaches_further_is_left_alone(company, admin):
    wide = made.platform_admin(of=company)
    with pytest.raises(Refused):
        people.set_manager(wide, manager=admin, actor=actor_of(admin))


def test_a_manager_is_named_and_taken_away_again_each_with_its_record(company, admin):
    person, chief = made.person(of=company), made.person(of=company)
    assert people.set_manager(person, manager=chief, actor=actor_of(admin)).manager == chief
    assert people.set_manager(person, manager=None, actor=actor_of(admin)).manager is None
    people.set_manager(person, manager=None, actor=actor_of(admin))
    told = AuditEvent.objects.filter(subject_id=str(person.pk)).order_by("id").values_list("changes", flat=True)
    assert list(told) == [
        {"manager": {"previous": "", "current": chief.email}},
        {"manager": {"previous": chief.email, "current": ""}},
    ]
