"""When somebody leaves: who is told of what they saw, and what one press replaces."""

from typing import Any

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, Rotation, SecretShowing
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import leavers, leavers_rotation, secrets, services as lifecycle
from identities.lifecycle.leavers import Standing
from identities.people.actors import actor_of
from identities.people.models import Notice, User
from identities.vaults.references import SecretReference
from tests.factories import register

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _vault(db: Any) -> None:
    from identities.vaults import services as vaults

    vaults.ensure_default()


@pytest.fixture
def person() -> User:
    return register.person(register.tenant(), email="leaver@example.com")


@pytest.fixture
def admin(person: User) -> User:
    return register.person(person.tenant)


def seen(person: User, *, has_vault: bool = False) -> ClientSecret:
    """A live secret that this person was shown, of an identity that may have had one in a vault before."""
    bot = register.identity(person.tenant)
    if has_vault:
        place = SecretReference("local", "local://default", f"bots/{bot.client_id}")
        stored = secrets.issue_secret(bot, actor=register.SYSTEM, store_at=place).secret
        credentials.revoke(stored, reason="Over.", actor=register.SYSTEM)
    return secrets.issue_secret(bot, actor=actor_of(person)).secret


def standing(person: User) -> list[Standing]:
    return [one.standing for one in leavers.seen_by(person, tenant_ids=None, at=timezone.now())]


def ask(person: User, admin: User, reason: str = "They left.") -> int:
    return leavers.ask_rotation(person, tenant_ids=None, reason=reason, actor=actor_of(admin), by=admin)


def test_who_saw_nothing_is_no_news(person: User, admin: User) -> None:
    lifecycle.disable_person(person, reason="left", actor=actor_of(admin))
    assert not Notice.objects.exists()


def test_the_admins_of_each_tenant_hear_only_of_their_own(person: User, admin: User) -> None:
    elsewhere = register.person(register.tenant())
    foreign = register.identity(elsewhere.tenant)
    secrets.issue_secret(foreign, actor=actor_of(person))
    seen(person), seen(person)
    lifecycle.disable_person(person, reason="left", actor=actor_of(admin))
    said = {notice.person: notice.subject for notice in Notice.objects.all()}
    assert said == {
        admin: "leaver@example.com left and has seen 2 live secrets",
        elsewhere: "leaver@example.com left and has seen 1 live secret",
    }


def test_nothing_is_asked_without_a_reason_or_without_a_vault(person: User, admin: User) -> None:
    seen(person)
    with pytest.raises(Conflict):
        ask(person, admin)
    seen(person, has_vault=True)
    with pytest.raises(Invalid):
        ask(person, admin, " ")
    assert not SecretShowing.objects.exclude(rotate_at=None).exists()


def test_only_what_lies_in_the_given_tenants_is_asked(person: User, admin: User) -> None:
    seen(person, has_vault=True)
    with pytest.raises(Conflict):
        leavers.ask_rotation(person, tenant_ids=[], reason="left", actor=actor_of(admin), by=admin)


def test_what_has_a_vault_is_replaced_and_the_rest_needs_a_hand(person: User, admin: User) -> None:
    ready, by_hand = seen(person, has_vault=True), seen(person)
    assert standing(person) == [Standing.READY, Standing.HAND]
    assert ask(person, admin) == 1
    assert standing(person) == [Standing.WAITING, Standing.HAND]
    assert leavers_rotation.rotate_due(timezone.now()) == 1
    assert standing(person) == [Standing.REPLACING, Standing.HAND]
    rotation = Rotation.objects.get()
    assert (rotation.old, rotation.identity, rotation.delivery) == (ready, ready.identity, "vault")
    assert not SecretShowing.objects.filter(secret=rotation.new).exists()
    assert by_hand.identity.secrets.count() == 1
    asked = AuditEvent.objects.get(type=CredentialEvent.ROTATION_ASKED)
    assert (asked.actor_label, asked.reason) == (admin.email, "They left.")


def test_a_worker_that_died_after_it_rotated_rotates_nothing_twice(person: User, admin: User) -> None:
    seen(person, has_vault=True)
    ask(person, admin)
    leavers_rotation.rotate_due(timezone.now())
    SecretShowing.objects.filter(rotate_asked_at__isnull=False).update(rotate_at=timezone.now())
    leavers_rotation.rotate_due(timezone.now())
    assert Rotation.objects.count() == 1
    assert standing(person) == [Standing.REPLACING]


def test_one_that_is_held_by_a_worker_is_left_to_it(person: User, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(person, has_vault=True)
    ask(person, admin)

    def killed(*args: Any, **facts: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(leavers_rotation.rotations, "rotate", killed)
        with pytest.raises(KeyboardInterrupt):
            leavers_rotation.rotate_due(timezone.now())
    assert leavers_rotation.rotate_due(timezone.now()) == 0
    assert leavers_rotation.rotate_due(timezone.now() + leavers_rotation.HOLD) == 1
    assert standing(person) == [Standing.REPLACING]


def test_what_could_not_be_done_says_why_and_can_be_asked_again(person: User, admin: User) -> None:
    secret = seen(person, has_vault=True)
    ask(person, admin)
    ManagedIdentity.objects.filter(pk=secret.identity_id).update(issuance="external")
    leavers_rotation.rotate_due(timezone.now())
    (one,) = leavers.seen_by(person, tenant_ids=None, at=timezone.now())
    assert one.standing is Standing.HAND
    assert "external" in one.problem
    ManagedIdentity.objects.filter(pk=secret.identity_id).update(issuance="portal")
    assert ask(person, admin) == 1


def test_the_new_one_of_a_rotation_waits_for_its_end(person: User, admin: User) -> None:
    bot = seen(person, has_vault=True).identity
    second = secrets.issue_secret(bot, actor=actor_of(person)).secret
    SecretShowing.objects.filter(secret=second).update(rotate_at=timezone.now(), rotate_reason="left")
    leavers_rotation.rotate_due(timezone.now())
    row = SecretShowing.objects.get(secret=second)
    assert row.rotate_at is not None
    assert row.rotate_at > timezone.now()


def test_a_dead_secret_that_was_asked_for_has_ended(person: User, admin: User) -> None:
    secret = seen(person, has_vault=True)
    ask(person, admin)
    credentials.revoke(secret, reason="Leaked.", actor=Actor.system("tests"))
    leavers_rotation.rotate_due(timezone.now())
    assert standing(person) == [Standing.ENDED]
    assert not Rotation.objects.exists()


def test_the_list_costs_the_same_for_one_and_for_many(person: User, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        seen(person, has_vault=True)
    with django_assert_num_queries(3):
        standing(person)
