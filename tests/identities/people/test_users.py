"""Making and changing people and service users."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Refused
from identities.people import services as people, sign_in
from identities.people.actors import actor_of
from identities.people.models import PortalRole, RefreshToken, User
from tests.factories import people as cast

pytestmark = pytest.mark.django_db


def make(**facts):
    facts.setdefault("tenant", cast.tenant())
    facts.setdefault("email", "ada@example.com")
    facts.setdefault("password", cast.PASSWORD)
    return people.create_user(**facts, actor=cast.SYSTEM)


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Short-1a", "At least 12"),
        ("correct-horse-1", "upper-case"),
        ("CORRECT-HORSE-1", "lower-case"),
        ("Correct-Horse-x", "digit"),
        ("CorrectHorse123", "symbol"),
        ("Aa1-" * 33, "At most 128"),
    ],
)
def test_a_weak_password_is_refused_with_the_rule_it_breaks(password, missing):
    with pytest.raises(Invalid) as refused:
        make(password=password)
    assert any(missing in message for message in refused.value.errors["password"])
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["Aa1-" * 3, "Aa1-" * 32, "Ünïcode Pass 1"])
def test_a_password_of_12_to_128_characters_of_every_kind_is_taken(password):
    assert make(password=password).check_password(password)


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "a b@example.com", "a" * 250 + "@example.com"])
def test_what_is_no_address_is_refused(email):
    with pytest.raises(Invalid) as refused:
        make(email=email)
    assert "email" in refused.value.errors


def test_an_address_is_trimmed_lower_cased_and_unique_whatever_its_case():
    assert make(email="  Ada@Example.COM ").email == "ada@example.com"
    with pytest.raises(Invalid) as refused:
        make(email="ADA@example.com")
    assert refused.value.code == "email_taken"


def test_the_database_itself_refuses_a_second_spelling_of_an_address():
    user = cast.person(email="ada@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="Ada@example.com")


@pytest.mark.parametrize("name", ["Ada\nBcc: x@example.com", "Ada\x1b[31m", "\u202eadA"])
def test_a_name_that_breaks_a_line_or_turns_the_text_around_is_refused(name):
    with pytest.raises(Invalid) as refused:
        make(first_name=name)
    assert refused.value.errors.keys() == {"first_name"}
    assert make(first_name="Zoë", last_name="O'Neill \u200d").first_name == "Zoë"


def test_a_role_that_is_none_of_the_four_is_refused():
    with pytest.raises(Invalid) as refused:
        make(role="OWNER")
    assert "role" in refused.value.errors


def test_an_agent_needs_an_agents_address_and_an_address_makes_no_agent():
    with pytest.raises(Invalid) as refused:
        make(is_agent=True)
    assert "is_agent" in refused.value.errors
    assert not make(email="backup-agent@example.com").is_agent


def test_creation_is_recorded_without_the_password():
    user = make()
    event = AuditEvent.objects.get(type="user.created")
    assert event.subject_id == str(user.pk)
    assert cast.PASSWORD not in str(event.changes)
    assert user.password not in str(event.changes)


def test_a_tenants_admin_cannot_make_a_platform_administrator():
    admin = cast.person()
    with pytest.raises(Refused):
        people.create_user(
            tenant=admin.tenant,
            email="eve@example.com",
            role=PortalRole.ADMIN,
            is_platform_admin=True,
            actor=actor_of(admin),
        )


def test_a_platform_administrator_makes_another():
    first = cast.platform_admin()
    second = cast.person()
    assert people.change_user(second, is_platform_admin=True, actor=actor_of(first)).is_platform_admin


def test_a_service_user_is_never_platform_administrator():
    with pytest.raises(Invalid):
        make(email="x-agent@example.com", is_agent=True, role=PortalRole.ADMIN, is_platform_admin=True)


def test_the_last_admin_of_a_tenant_can_be_neither_demoted_nor_disabled():
    tenant = cast.tenant()
    admin = cast.person(of=tenant)
    cast.person()  # an ADMIN elsewhere is no help here
    cast.agent(of=tenant, role=PortalRole.ADMIN)  # nor is a machine
    with pytest.raises(Conflict) as refused:
        people.set_role(admin, role=PortalRole.ANALYST, actor=cast.SYSTEM)
    assert refused.value.code == "last_admin"
    with pytest.raises(Conflict):
        people.disable_user(admin, reason="left", actor=cast.SYSTEM)
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.role == PortalRole.ADMIN


def test_one_of_two_admins_may_go_and_then_the_other_may_not():
    tenant = cast.tenant()
    one, other = cast.person(of=tenant), cast.person(of=tenant)
    people.disable_user(one, reason="left", actor=cast.SYSTEM)
    with pytest.raises(Conflict):
        people.disable_user(other, reason="left too", actor=cast.SYSTEM)


def test_the_last_platform_administrator_stays():
    admin = cast.platform_admin()
    cast.person(of=admin.tenant)
    with pytest.raises(Conflict) as refused:
        people.disable_user(admin, reason="left", actor=cast.SYSTEM)
    assert refused.value.code == "last_platform_admin"
    with pytest.raises(Conflict):
        people.set_role(admin, role=PortalRole.ANALYST, actor=cast.SYSTEM)
    with pytest.raises(Conflict):
        people.change_user(admin, is_platform_admin=False, actor=cast.SYSTEM)


def test_a_disabled_person_is_recorded_with_the_reason_and_has_no_refresh_token_left():
    user = cast.person(role=PortalRole.ANALYST)
    sign_in.open_session(user)
    people.disable_user(user, reason="left", actor=cast.SYSTEM)
    assert not RefreshToken.objects.open().exists()
    event = AuditEvent.objects.get(type="user.disabled")
    assert event.reason == "left"
    assert event.changes == {"is_active": {"previous": True, "current": False}}


def test_disabling_needs_a_reason_and_somebody_who_is_not_disabled():
    user = cast.person(role=PortalRole.ANALYST)
    with pytest.raises(Invalid):
        people.disable_user(user, reason=" ", actor=cast.SYSTEM)
    people.disable_user(user, reason="left", actor=cast.SYSTEM)
    with pytest.raises(Conflict):
        people.disable_user(user, reason="left", actor=cast.SYSTEM)
    assert people.enable_user(user, actor=cast.SYSTEM).is_active
    with pytest.raises(Conflict):
        people.enable_user(user, actor=cast.SYSTEM)


def test_a_new_password_ends_every_refresh_token_and_is_not_in_the_record():
    user = cast.person()
    sign_in.open_session(user)
    people.set_password(user, password="Another-Horse-2", actor=cast.SYSTEM)
    assert set(RefreshToken.objects.values_list("reason", flat=True)) == {"password-changed"}
    event = AuditEvent.objects.get(type="user.password_set")
    assert "Another-Horse-2" not in f"{event.details}{event.changes}"


def test_a_change_that_changes_nothing_leaves_no_record():
    user = cast.person(first_name="Ada")
    people.change_user(user, first_name=" Ada ", actor=cast.SYSTEM)
    assert not AuditEvent.objects.filter(type="user.changed").exists()


def test_a_role_change_tells_before_and_after():
    user = cast.person(role=PortalRole.ANALYST)
    people.set_role(user, role="AUDITOR", actor=cast.SYSTEM, reason="moved")
    event = AuditEvent.objects.get(type="user.role_changed")
    assert event.changes == {"role": {"previous": "ANALYST", "current": "AUDITOR"}}


def test_a_service_user_is_never_let_into_the_admin_nor_a_disabled_person():
    assert cast.person().is_staff
    assert not cast.agent(role=PortalRole.ADMIN).is_staff
    assert not cast.person(is_active=False).is_staff
